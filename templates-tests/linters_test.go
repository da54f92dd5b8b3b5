package templatestests

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
	"agentcube-mtls/templates-tests/generate"
)

// explained are the points that kube-score calls critical and that are intended: by check, and by
// object or for all.
var explained = map[string]map[string]string{
	"container-image-pull-policy": {"*": "images are pinned by version or digest; fetching them at each start makes the registry a part of every restart"},
	"container-image-tag": {
		"Deployment/agentcube-router": "AgentCube publishes mutual TLS as latest only",
		"Deployment/workloadmanager":  "AgentCube publishes mutual TLS as latest only",
	},
	"pod-networkpolicy": {
		"DaemonSet/spire-agent":       "it has the node's network, to which policies do not apply",
		"Deployment/agentcube-router": "it is there for whoever calls agents; callers prove themselves by token",
		"Pod/agentcube-test":          "it serves nothing",
	},
	"pod-probes-identical": {
		"DaemonSet/spire-agent":      "an agent that does not answer is neither ready nor worth keeping; liveness is asked half as often",
		"Deployment/agentcube-redis": "a Redis that accepts no connection is neither ready nor worth keeping",
	},
	"pod-probes": {
		"Deployment/workloadmanager": "with mutual TLS each probe of a kubelet, which has no certificate, is a failed handshake in the log",
	},
	"container-security-context-user-group-id": {
		"DaemonSet/spire-agent": "it reads other users' processes, and makes its socket on the node, as root without capabilities",
	},
}

// scored is laid over every example: everything on.
const scored = `
networkPolicies: {enabled: true, nodeCIDRs: [10.0.0.0/8]}
spire: {enabled: true}`

// kube-score finds nothing critical that is not explained.
func TestKubeScore(t *testing.T) {
	t.Parallel()
	root := repo.Path()
	score, err := generate.Tool(t.Context(), root, "kube-score", "kube-score")
	require.NoError(t, err)

	met := map[string]bool{}
	for name, content := range examples(t) {
		for _, point := range criticalPoints(t, score, values(t, content, scored)) {
			point.known = name == "openshift" && point.check == "container-security-context-user-group-id" // the cluster gives pods their users
			for _, object := range []string{point.object, "*"} {
				if explained[point.check][object] != "" {
					met[point.check+" "+object] = true
					point.known = true
				}
			}
			assert.True(t, point.known, "%s: %s of %s: %s", name, point.check, point.object, point.said)
		}
	}
	for check, objects := range explained {
		for object := range objects {
			assert.True(t, met[check+" "+object], "%s of %s is explained, but kube-score no longer says it", check, object)
		}
	}
}

type criticalPoint struct {
	check, object, said string
	known               bool
}

// criticalPoints are what kube-score calls critical in a render. CPU limits are left out: they slow
// certificates down when every pod of a cluster wants one, and requests share out the CPU already.
func criticalPoints(t testing.TB, score string, given map[string]any) []criticalPoint {
	t.Helper()
	manifests, err := chart.Release{Values: given}.Render()
	require.NoError(t, err)
	var all []string
	for path, manifest := range manifests {
		if strings.HasSuffix(path, ".yaml") {
			all = append(all, manifest)
		}
	}
	file := filepath.Join(t.TempDir(), "manifests.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(all, "\n---\n")), 0o644))
	out, _ := exec.CommandContext(t.Context(), score, "score", "--output-format=json", "--ignore-container-cpu-limit", file).Output() // its status tells of points only

	var objects []struct {
		TypeMeta   struct{ Kind string } `json:"type_meta"`
		ObjectMeta struct{ Name string } `json:"object_meta"`
		Checks     []struct {
			Check    struct{ ID string }
			Grade    int
			Skipped  bool
			Comments []struct{ Path, Summary string }
		}
	}
	require.NoError(t, json.Unmarshal(out, &objects), "kube-score printed:\n%s", out)
	require.NotEmpty(t, objects)
	var points []criticalPoint
	for _, object := range objects {
		for _, check := range object.Checks {
			if check.Grade > 1 || check.Skipped {
				continue
			}
			var said []string
			for _, comment := range check.Comments {
				said = append(said, comment.Path+": "+comment.Summary)
			}
			points = append(points, criticalPoint{
				check: check.Check.ID, object: object.TypeMeta.Kind + "/" + object.ObjectMeta.Name, said: strings.Join(said, "; "),
			})
		}
	}
	return points
}

func TestChartTestingLintsTheCharts(t *testing.T) {
	t.Parallel()
	root := repo.Path()
	ct, err := generate.Tool(t.Context(), root, "chart-testing", "ct")
	require.NoError(t, err)
	helm, err := generate.Run(t.Context(), root, "go", "tool", "-n", "helm")
	require.NoError(t, err)

	programs := t.TempDir()
	require.NoError(t, os.Symlink(strings.TrimSpace(string(helm)), filepath.Join(programs, "helm")))
	lint := exec.CommandContext(t.Context(), ct, "lint", "--config=ct.yaml", "--charts=charts/base,charts/spire-crds")
	lint.Dir = root
	lint.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"))
	out, err := lint.CombinedOutput()
	assert.NoError(t, err, "%s", out)
}
