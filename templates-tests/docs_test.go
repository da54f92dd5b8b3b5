package templatestests

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/templates-tests/chart"
)

func TestDocsSpeakOnlyOfWhatThereIs(t *testing.T) {
	t.Parallel()
	root, err := chart.Root()
	require.NoError(t, err)
	for _, problem := range lintDocs(t, gatherDocsFacts(t, root), readDocs(t, root)...) {
		t.Error(problem)
	}
}

func TestEveryValueIsInTheChartsReadme(t *testing.T) {
	t.Parallel()
	root, err := chart.Root()
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join(root, "charts/base/README.md"))
	require.NoError(t, err)
	assert.Empty(t, docsUndescribed("", chart.Base().Values, string(readme)), "charts/base/README.md has no row for these")

	without := strings.ReplaceAll(string(readme), "| spire.trustDomain |", "| spire.domain |")
	require.NotEqual(t, without, string(readme))
	assert.Equal(t, []string{"spire.trustDomain"}, docsUndescribed("", chart.Base().Values, without))
}

// docsUndescribed returns the values that have no row in the table of a chart's README. One row may stand for all that is below it.
func docsUndescribed(prefix string, values map[string]any, readme string) []string {
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		key := prefix + name
		below, section := values[name].(map[string]any)
		switch {
		case strings.Contains(readme, "\n| "+key+" |"):
		case section && len(below) > 0:
			missing = append(missing, docsUndescribed(key+".", below, readme)...)
		default:
			missing = append(missing, key)
		}
	}
	return missing
}

func TestTheDocsLinterSeesEveryKindOfFault(t *testing.T) {
	t.Parallel()
	root, err := chart.Root()
	require.NoError(t, err)
	facts := gatherDocsFacts(t, root)
	bash := func(command string) string { return "```bash\n" + command + "\n```" }
	for _, c := range []struct{ good, bad, problem string }{
		{"`--mtls-cert`", "`--mtls-cert-file`", "no program has the flag --mtls-cert-file"},
		{bash("helm list -n agentcube --all"), bash("helm list -n agentcube --everything"), "helm has no flag --everything"},
		{bash("kubectl get pods -n agentcube --watch"), bash("kubectl get pods -n agentcube --follow-me"), "kubectl has no flag --follow-me"},
		{"`WORKLOAD_MANAGER_URL`", "`WORKLOAD_MANAGER`", "no program reads WORKLOAD_MANAGER"},
		{"`spire.enabled`", "`spire.enable`", "values.yaml has no spire.enable"},
		{"`--set spire.enabled=true`", "`--set spire.mtls=true`", "values.yaml has no spire.mtls"},
		{bash("kubectl logs -n agentcube deployment/agentcube-router"), bash("kubectl logs -n agentcube deployment/router"), "there is no deployment router"},
		{"the StatefulSet `spire-server`", "the StatefulSet `spire`", "there is no statefulset spire"},
		{bash("kubectl logs -n agentcube x -c spiffe-helper"), bash("kubectl logs -n agentcube x -c helper"), "there is no container helper"},
		{bash("kubectl get pods -n agentcube -l app=workloadmanager"), bash("kubectl get pods -n agentcube -l app=workload-manager"),
			"nothing has the label app=workload-manager"},
		{bash("kubectl get pods -n agentcube -l 'app in (workloadmanager)'"), bash("kubectl get pods -n agentcube -l 'app in (manager)'"),
			"nothing has the label app=manager"},
		{"`workloadmanager:8443`", "`workloadmanager:9443`", "nothing listens on port 9443"},
		{"`/run/spire/certs`", "`/run/spire/cert`", "neither the charts nor the programs know /run/spire/cert"},
		{"```mermaid\nA->>B: files in /run/spire/certs\n```", "```mermaid\nA->>B: files in /run/spire/keys\n```",
			"neither the charts nor the programs know /run/spire/keys"},
		{"`values/kind.yaml`", "`values/minikube.yaml`", "there is no file values/minikube.yaml"},
		{"`All mTLS cert/key/CA files are present`", "`All mTLS files are there`", `no program logs "All mTLS files are there"`},
		{"```text\nI1123 23:49:20.286799 1 source.go:68] All mTLS cert/key/CA files are present\n```",
			"```text\nI1123 23:49:20.286799 1 source.go:68] All files are present\n```", `no program logs "All files are present"`},
		{bash("kubectl get pods -n agentcube"), bash("kubectl get pods -n agentcube-system"), "the namespace is agentcube, not agentcube-system"},
		{bash("kubectl get pods -n kube-system"), bash("kubectl get pods"), "kubectl without -n acts on the wrong namespace"},
		{bash("helm upgrade agentcube charts/base -n agentcube --reuse-values"), bash("helm upgrade agentcube charts/base -n agentcube"),
			"helm upgrade loses the values of the release agentcube: give --reuse-values"},
		{bash("helm upgrade --install agentcube charts/base -n agentcube"),
			bash("helm upgrade --install agentcube charts/base -n agentcube\nhelm upgrade --install agentcube charts/base -n agentcube"),
			"helm upgrade loses the values of the release agentcube: give --reuse-values"},
		{"`make up`", "`make cluster`", "the Makefile has no target cluster"},
		{"[a](../README.md)", "[a](READYOU.md)", "the link leads to no file: READYOU.md"},
		{"# Some heading\n[a](#some-heading)", "# Some heading\n[a](#another-heading)", "the link leads to no heading: #another-heading"},
	} {
		assert.Empty(t, lintDocs(t, facts, parseDocs("docs/a.md", []byte(c.good))), c.good)
		problems := lintDocs(t, facts, parseDocs("docs/a.md", []byte(c.bad)))
		assert.True(t, slices.ContainsFunc(problems, func(p string) bool { return strings.HasSuffix(p, ": "+c.problem) }), "%s: %q", c.bad, problems)
	}
}
