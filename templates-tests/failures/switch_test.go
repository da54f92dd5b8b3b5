package failures_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A switch of spire.enabled, from one value to the other.
type direction struct{ from, to string }

var directions = map[string]direction{"on": {"false", "true"}, "off": {"true", "false"}}

// missingImages are values with which a switch to the value of spire.enabled never gets ready.
const missingImages = "router.image.tag=none,workloadmanager.image.tag=none,spire.server.image.tag=none"

// wait lets helm wait until the pods are ready.
var wait = []string{"--wait", "--timeout", "5m"}

// eachSwitch runs a test for each version of Helm and each direction, on a release of its own.
func eachSwitch(t *testing.T, name string, test func(t *testing.T, r release, d direction)) {
	t.Helper()
	for to, d := range directions {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			eachHelm(t, name+"-"+to, func(t *testing.T, r release) { test(t, r, d) }, "spire.enabled="+d.from)
		})
	}
}

// requireRollbackFirst requires that an upgrade is rejected, and that the message names the
// rollback to the first revision.
func requireRollbackFirst(t *testing.T, r release, values ...string) {
	t.Helper()
	before := r.objects().Written()
	require.ErrorContains(t, r.upgrade(values...), fmt.Sprintf("helm rollback %s 1 --namespace %s --wait", r.name, r.name))
	assert.Equal(t, before, r.objects().Written(), "a rejected upgrade changes nothing")
}

// After a switch that timed out, once or twice, each upgrade to the mode before it is rejected, and
// the rollback that the message names brings back what was.
func TestFailedSwitchIsRolledBack(t *testing.T) {
	t.Parallel()
	eachSwitch(t, "failed", func(t *testing.T, r release, d direction) {
		before := r.objects().Meant()
		r.fail("spire.enabled="+d.to, missingImages)
		requireRollbackFirst(t, r, "spire.enabled="+d.from)
		requireRollbackFirst(t, r, "router.podAnnotations.unrelated=yes")
		r.fail("spire.enabled="+d.to, missingImages, "router.podAnnotations.second=try")
		requireRollbackFirst(t, r, "router.podAnnotations.unrelated=yes")
		r.rollback(1)
		assert.Equal(t, before, r.objects().Meant(), "the rollback brings back what was")
		require.NoError(t, r.upgrade("router.podAnnotations.unrelated=yes"), "the release is free again")
	})
}

// The check finds helm's records in ConfigMaps, too.
func TestRecordsInConfigMaps(t *testing.T) {
	t.Parallel()
	for version, suffix := range map[string]string{"3.22": "3", "4.3": "4"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			r := release{t, "configmaps-" + suffix, helm{version: helms[version], driver: "configmap"}}
			r.install("spire.enabled=false")
			r.fail("spire.enabled=true", missingImages)
			requireRollbackFirst(t, r, "spire.enabled=false")
			r.rollback(1)
		})
	}
}

// A switch that failed may be tried again with values that work.
func TestFailedSwitchIsTriedAgain(t *testing.T) {
	t.Parallel()
	eachSwitch(t, "again", func(t *testing.T, r release, d direction) {
		before := r.objects().Meant()
		r.fail("spire.enabled="+d.to, missingImages)
		require.NoError(t, r.upgradeWith(wait, "spire.enabled="+d.to))
		require.NoError(t, r.upgradeWith(wait, "spire.enabled="+d.from))
		assert.Equal(t, before, r.objects().Meant(), "on and off again leaves what was")
	})
}

// After a switch that succeeded, one in the other direction that is interrupted may be tried again,
// wherever it was.
func TestInterruptedSwitch(t *testing.T) {
	t.Parallel()
	eachSwitch(t, "later", func(t *testing.T, r release, d direction) {
		require.NoError(t, r.upgrade("spire.enabled="+d.to))
		before := r.objects().Meant()
		require.True(t, r.cutOff(os.Interrupt, 2, "spire.enabled="+d.from))
		require.NoError(t, r.upgradeWith(wait, "spire.enabled="+d.from))
		require.NoError(t, r.upgradeWith(wait, "spire.enabled="+d.to))
		assert.Equal(t, before, r.objects().Meant())
	})
}

// A switch that takes itself back leaves what was.
func TestFailedSwitchTakesItselfBack(t *testing.T) {
	t.Parallel()
	eachSwitch(t, "atomic", func(t *testing.T, r release, d direction) {
		before := r.objects().Meant()
		err := r.upgradeWith([]string{r.helm.version.rollBack, "--timeout", "1m"}, "spire.enabled="+d.to, missingImages)
		require.ErrorContains(t, err, "has been rolled back")
		assert.Equal(t, before, r.objects().Meant(), "the rollback brings back what was")
		require.NoError(t, r.upgradeWith(wait, "spire.enabled="+d.to))
	})
}

// Wherever helm is killed, which leaves the release pending, or interrupted, which leaves it
// failed: the release goes on as before after an upgrade or, where that is rejected, after a
// rollback.
func TestSwitchIsCutOff(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]struct {
		signal os.Signal
		first  int // how many more objects than firstCut it may change the first time
	}{"killed": {syscall.SIGKILL, 0}, "interrupted": {os.Interrupt, step / 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachSwitch(t, name, func(t *testing.T, r release, d direction) {
				before := r.objects().Meant()
				changes, deployed, brokeOff := r.helm.version.firstCut+cut.first, 1, false
				for ; r.cutOff(cut.signal, changes, "spire.enabled="+d.to); changes += step {
					where := fmt.Sprintf("revision %d is cut off after %d changes", deployed+1, changes)
					err := r.upgrade()
					if err == nil {
						deployed += 2
					} else {
						refusal := fmt.Sprintf("helm rollback %s %d ", r.name, deployed)
						if cut.signal == syscall.SIGKILL {
							refusal = "another operation (install/upgrade/rollback) is in progress"
						}
						require.ErrorContains(t, err, refusal, where)
						var twice bool
						deployed, twice = r.wayBack(deployed)
						brokeOff = brokeOff || twice
					}
					require.Equal(t, before, r.objects().Meant(), where)
				}
				assert.GreaterOrEqual(t, changes, 2*step, "the switch is cut off in two places or more")
				assert.Equal(t, !r.helm.version.serverSide && d.to == "false", brokeOff, "of Helm 3 a rollback to mutual TLS breaks off, and no other")
			})
		})
	}
}

// step is how many more objects a switch may change each time before it is cut off. The versions of
// Helm begin at different objects, and so do the signals: together they are cut off before every
// second object.
const step = 12

// By the server's ServiceAccount the bundle keeper knows that SPIRE is being switched off and nobody
// has deleted the bundle: helm deletes it first, and the server last of the three.
func TestOrderOfASwitchOff(t *testing.T) {
	t.Parallel()
	eachHelm(t, "order", func(t *testing.T, r release) {
		deleted := r.deletions("spire.enabled=false")
		var order []string
		for _, object := range deleted {
			if slices.Contains([]string{"serviceaccounts/spire-server", "configmaps/spire-bundle", "statefulsets/spire-server"}, object) {
				order = append(order, object)
			}
		}
		assert.Equal(t, []string{"serviceaccounts/spire-server", "configmaps/spire-bundle", "statefulsets/spire-server"}, order, "of %v", deleted)
	}, "spire.enabled=true")
}

// A rollback of a failed switch that is killed leaves the release pending, and its mode a mixture.
// A rollback to the revision that failed, and one to the revision that was deployed before it,
// bring back what was.
func TestRollbackIsCutOff(t *testing.T) {
	t.Parallel()
	eachSwitch(t, "rolling-back", func(t *testing.T, r release, d direction) {
		before := r.objects().Meant()
		deployed := 1
		for changes := r.helm.version.firstCut; changes < 3*step/2; changes += step / 2 {
			r.fail("spire.enabled="+d.to, missingImages)
			failed := deployed + 1
			where := fmt.Sprintf("the rollback to revision %d is killed after %d changes", deployed, changes)
			require.True(t, r.cutOffHelm(syscall.SIGKILL, changes, "rollback", r.name, fmt.Sprint(deployed)), where)
			require.ErrorContains(t, r.upgrade(), "another operation (install/upgrade/rollback) is in progress", where)
			output, err := r.helm.run(t.Context(), "rollback", r.name, fmt.Sprint(failed), "--namespace", r.name)
			t.Log(where, "and the one to the failed revision says:", output, err)
			r.rollback(deployed)
			require.Equal(t, before, r.objects().Meant(), where)
			deployed += 4
		}
	})
}

// wayBack rolls back to the revision that is deployed after the next one was cut off, and returns
// the number of the revision that is deployed then, and whether the first rollback broke off. Helm
// 3 breaks off at objects that a switch off was to delete and has not: not the revision that was
// cut off but the cluster has them. Then a rollback to the revision that was cut off deletes them,
// and one to the deployed revision makes them again.
func (r release) wayBack(deployed int) (now int, brokeOff bool) {
	r.t.Helper()
	output, err := r.tryRollback(deployed)
	if err == nil {
		return deployed + 2, false
	}
	require.Regexp(r.t, "no .* with the name .* found|resourceVersion: Invalid value", err.Error()+output)
	r.rollback(deployed + 1)
	r.rollback(deployed)
	return deployed + 4, true
}

// A SPIRE version that does not start is taken back by a rollback, by an upgrade to one that does,
// and by the upgrade itself.
func TestFailedVersion(t *testing.T) {
	t.Parallel()
	const missing = "spire.server.image.tag=none,spire.agent.image.tag=none"
	eachHelm(t, "version", func(t *testing.T, r release) {
		before := r.objects().Meant()
		r.fail(missing)
		r.rollback(1)
		assert.Equal(t, before, r.objects().Meant())
		r.fail(missing)
		require.NoError(t, r.upgradeWith(wait), "the values are those of the deployed revision")
		assert.Equal(t, before, r.objects().Meant())
		require.ErrorContains(t, r.upgradeWith([]string{r.helm.version.rollBack, "--timeout", "1m"}, missing), "has been rolled back")
		assert.Equal(t, before, r.objects().Meant())
		require.NoError(t, r.upgradeWith(wait, "spire.server.logLevel=debug"))
	}, "spire.enabled=true")
}

// After a switch to another trust domain that failed, the first one is not lost.
func TestFailedTrustDomain(t *testing.T) {
	t.Parallel()
	eachHelm(t, "trust-domain", func(t *testing.T, r release) {
		r.fail("spire.enabled=true", "spire.trustDomain=example.org", missingImages)
		requireRollbackFirst(t, r, "spire.enabled=true")
		r.rollback(1)
		require.NoError(t, r.upgradeWith(wait, "spire.enabled=true"))
	})
}

// A release that a chart without this check has made a mixture of comes free by a rollback to the
// revision that failed, which may end with an error, and one to the revision that was deployed
// before it.
func TestStuckReleaseComesFree(t *testing.T) {
	t.Parallel()
	unguarded := unguardedChart(t)
	eachSwitch(t, "stuck", func(t *testing.T, r release, d direction) {
		before := r.objects().Meant()
		r.fail("spire.enabled="+d.to, missingImages)
		_, err := r.helm.run(t.Context(), "upgrade", r.name, unguarded, "--namespace", r.name, "--reuse-values", "--timeout", "30s")
		if r.helm.version.serverSide {
			require.NoError(t, err)
		} else {
			const mixture = "may not specify more than 1 handler type"
			require.ErrorContains(t, err, mixture)
			_, err = r.tryRollback(1)
			require.ErrorContains(t, err, mixture)
		}
		if r.helm.version.serverSide && d.to == "false" {
			require.Equal(t, before, r.objects().Meant(), "the API server leaves nothing of a failed switch off")
			return
		}
		require.NotEqual(t, before, r.objects().Meant(), "the release is a mixture")
		output, err := r.tryRollback(2, "--timeout", "5s")
		t.Log("the rollback to the failed revision:", output, err)
		r.rollback(1)
		assert.Equal(t, before, r.objects().Meant())
	})
}

// unguardedChart returns a copy of the chart that does not look at revisions that failed.
func unguardedChart(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "chart")
	require.NoError(t, copyChart(dir))
	file := filepath.Join(dir, "templates", "_validate.tpl")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	without := strings.Replace(string(content), `{{- include "agentcube.validate.upgrade" . -}}`, "", 1)
	require.NotEqual(t, string(content), without)
	require.NoError(t, os.WriteFile(file, []byte(without), 0o644))
	return dir
}

// Helm 4 takes over a release of Helm 3 with server-side apply, and its failures have the same way
// out.
func TestHelm4TakesOver(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "taken-over", helms["3.22"], "spire.enabled=true")
	before := r.objects().Meant()
	r.helm.version = helms["4.3"]
	r.fail("spire.enabled=false", missingImages)
	requireRollbackFirst(t, r, "router.podAnnotations.unrelated=yes")
	r.rollback(1)
	require.NoError(t, r.upgradeWith(append([]string{"--server-side=true"}, wait...), "spire.enabled=false"))
	require.NoError(t, r.upgradeWith(append([]string{"--server-side=true"}, wait...), "spire.enabled=true"))
	assert.Equal(t, before, r.objects().Meant())
}
