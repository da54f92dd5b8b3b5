package e2e

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/repo"
)

var upgrades = suite.Scenario{
	Name:        "upgrades",
	Description: "Another chart, a later SPIRE and another lifetime of certificates are rolled out one after the other, and rolled back at once.",
	Slow:        true,
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		earlier, current := tag(t, components.EarlierSPIRE), tag(t, components.SPIRE)
		r := suite.Install(ctx, t, "upgrades", map[string]string{
			"spire.enabled": "true", "spire.server.image.tag": earlier, "spire.agent.image.tag": earlier, "workloadmanager.drainSeconds": suite.DrainSeconds,
		})
		load := suite.UnderLoad(ctx, t, r)
		all := []string{"agentcube-router", "workloadmanager", "spire-server", "spire-agent"}
		changes := []struct {
			name, chart string
			values      map[string]string
			made        func() bool // whether the release is as the values say
		}{
			// What another version of the chart may do to every pod: change its template.
			{"another chart", nextChart(t), map[string]string{
				"router.podAnnotations.version": "next", "workloadmanager.podAnnotations.version": "next",
				"spire.server.podAnnotations.version": "next", "spire.agent.podAnnotations.version": "next",
			}, func() bool {
				return everyPod(ctx, t, r, all, func(p corev1.Pod) bool { return p.Annotations["version"] == "next" })
			}},
			{"another SPIRE", suite.Chart, map[string]string{"spire.server.image.tag": current, "spire.agent.image.tag": current}, func() bool {
				return everyPod(ctx, t, r, all[2:], func(p corev1.Pod) bool { return strings.HasSuffix(p.Spec.Containers[0].Image, ":"+current) })
			}},
			{"another life of certificates", suite.Chart, map[string]string{"spire.server.ca.x509SvidDefaultTtl": "30m"}, func() bool {
				return lifeOfCertificates(ctx, t, r) < time.Hour
			}},
		}
		for _, change := range changes {
			assert.False(t, change.made(), "there was %s before", change.name)
			load.Mark(change.name)
			suite.UpgradeTo(ctx, t, change.chart, r, change.values)
			suite.Settle(ctx, t, r)
			assert.True(t, change.made(), "the upgrade did not bring %s", change.name)
			suite.Eventually(ctx, t, "mutual TLS after "+change.name, func(ctx context.Context) error { return suite.Healthy(ctx, r) })
		}
		load.Mark("rollback")
		suite.RollBack(ctx, t, r, "1")
		suite.Settle(ctx, t, r)
		for _, change := range changes {
			assert.False(t, change.made(), "the rollback did not take back %s", change.name)
		}
		suite.Eventually(ctx, t, "mutual TLS after the rollback", func(ctx context.Context) error { return suite.Healthy(ctx, r) })
		load.RequireNoFailure(ctx, t)
	},
}

var trustDomain = suite.Scenario{
	Name:        "trust-domain",
	Description: "A release moves to another trust domain in two upgrades, with mutual TLS off in between, and returns by rollbacks.",
	Slow:        true,
	Values:      map[string]string{"spire.enabled": "true"},
	Run: func(ctx context.Context, t *testing.T, r release.Release) {
		load := suite.UnderLoad(ctx, t, r)

		output, err := suite.Env.Helm.Run(ctx, "upgrade", r.Name, suite.Chart, "--namespace", r.Namespace, "--reuse-values", "--set", "spire.trustDomain=example.org")
		require.ErrorContains(t, err, "Set spire.enabled to false in one upgrade", output)

		speaks := func(trustDomain string) {
			suite.Settle(ctx, t, r)
			seen, err := r.Handshake(ctx)
			require.NoError(t, err)
			for _, id := range []string{seen.Client.ID, seen.Server.ID} {
				assert.True(t, strings.HasPrefix(id, "spiffe://"+trustDomain+"/"), id)
			}
		}
		load.Mark("plain")
		suite.Upgrade(ctx, t, r, map[string]string{"spire.enabled": "false"}) // revision 2
		suite.Settle(ctx, t, r)
		load.Mark("example.org")
		suite.Upgrade(ctx, t, r, map[string]string{"spire.enabled": "true", "spire.trustDomain": "example.org"})
		speaks("example.org")
		for _, revision := range []string{"2", "1"} {
			load.Mark("back to revision " + revision)
			suite.RollBack(ctx, t, r, revision)
			suite.Settle(ctx, t, r)
		}
		speaks("cluster.local")
		load.RequireNoFailure(ctx, t)
	},
}

// everyPod tells whether something holds for all pods of some programs.
func everyPod(ctx context.Context, t *testing.T, r release.Release, apps []string, holds func(corev1.Pod) bool) bool {
	t.Helper()
	for _, app := range apps {
		pods, err := r.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
		require.NoError(t, err)
		require.NotEmpty(t, pods.Items, app)
		for _, pod := range pods.Items {
			if !holds(pod) {
				return false
			}
		}
	}
	return true
}

// lifeOfCertificates returns how long a certificate is valid that the SPIRE server issues now, by
// default.
func lifeOfCertificates(ctx context.Context, t *testing.T, r release.Release) time.Duration {
	t.Helper()
	issued, err := r.Server(ctx, "x509", "mint", "-spiffeID", "spiffe://cluster.local/minted")
	require.NoError(t, err)
	block, _ := pem.Decode([]byte(issued))
	require.NotNil(t, block, issued)
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return certificate.NotAfter.Sub(certificate.NotBefore)
}

// nextChart returns a copy of the chart whose version is a later one.
func nextChart(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "base")
	require.NoError(t, os.CopyFS(dir, os.DirFS(repo.Path("charts", "base"))))
	file := filepath.Join(dir, "Chart.yaml")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	next := strings.Replace(string(content), "\nversion: ", "\nversion: 9", 1)
	require.NotEqual(t, string(content), next)
	require.NoError(t, os.WriteFile(file, []byte(next), 0o644))
	return dir
}

// tag returns the tag of a component's images, as the chart's values give it.
func tag(t *testing.T, c components.Component) string {
	t.Helper()
	version, err := c.Version()
	require.NoError(t, err)
	return strings.TrimPrefix(version, "v")
}
