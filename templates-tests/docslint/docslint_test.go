package docslint

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
)

func TestDocsSpeakOnlyOfWhatThereIs(t *testing.T) {
	t.Parallel()
	root := repo.Path()
	for _, problem := range lintDocs(t, gatherDocsFacts(t, root), readDocs(t, root)...) {
		t.Error(problem)
	}
}

// Every value is in the chart's README.
func TestValuesAreListed(t *testing.T) {
	t.Parallel()
	root := repo.Path()
	readme, err := os.ReadFile(filepath.Join(root, "charts/base/README.md"))
	require.NoError(t, err)
	assert.Empty(t, docsUndescribed("", chart.Base().Values, string(readme)), "charts/base/README.md has no row for these")

	without := strings.ReplaceAll(string(readme), "| spire.trustDomain |", "| spire.domain |")
	require.NotEqual(t, without, string(readme))
	assert.Equal(t, []string{"spire.trustDomain"}, docsUndescribed("", chart.Base().Values, without))
}

// docsUndescribed returns the values that have no row in the table of a chart's README. One row may
// stand for all that is below it.
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

// The docs linter sees every kind of fault.
func TestLinterSeesFaults(t *testing.T) {
	t.Parallel()
	root := repo.Path()
	facts := gatherDocsFacts(t, root)
	bash := func(command string) string { return "```bash\n" + command + "\n```" }
	for _, c := range []struct{ good, bad, problem string }{
		{"`--mtls-cert`", "`--mtls-cert-file`", "no program has the flag --mtls-cert-file"},
		{bash("helm list -n agentcube --all"), bash("helm list -n agentcube --everything"), "helm list has no flag --everything"},
		{bash("kubectl get pods -n agentcube --watch"), bash("kubectl get pods -n agentcube --follow-me"), "kubectl get has no flag --follow-me"},
		{bash("helm uninstall agentcube -n agentcube --wait"), bash("helm uninstall agentcube -n agentcube --install"), "helm uninstall has no flag --install"},
		{bash("kubectl logs -n agentcube deployment/agentcube-router --tail=1"), bash("kubectl delete -n agentcube deployment/agentcube-router --tail=1"),
			"kubectl delete has no flag --tail"},
		{bash("kubectl rollout status -n agentcube deployment/agentcube-router --timeout=1m"),
			bash("kubectl rollout restart -n agentcube deployment/agentcube-router --timeout=1m"), "kubectl rollout has no flag --timeout"},
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
		{bash("kubectl get pods -n agentcube"), bash("kubectl got pods -n agentcube"), "kubectl has no command got"},
		{bash("kubectl get nodes"), bash("kubectl get knots"), "there is no kind knot"},
		{bash("cat >a <<'SH'\n#!/bin/sh\nkubectl kustomize b\nSH"), bash("cat >a <<'SH'\n#!/bin/sh\nkubectl customize b\nSH"), "kubectl has no command customize"},
		{bash("kubectl get nodes"), bash("kubectl get deployments"), "kubectl without -n acts on the wrong namespace"},
		{bash("kubectl delete namespace agentcube"), bash("kubectl delete pod x"), "kubectl without -n acts on the wrong namespace"},
		{bash("kubectl wait -n agentcube pod/x --for=delete"), bash("kubectl wait pod/x --for=delete"), "kubectl without -n acts on the wrong namespace"},
		{bash("kubectl get crds | tail -n 1"), bash("kubectl get crds | kubectl scale deployment/workloadmanager --replicas=2"),
			"kubectl without -n acts on the wrong namespace"},
		{bash("kubectl get -n agentcube deployment workloadmanager"), bash("kubectl get -n agentcube deployment manager"),
			"there is no deployment manager"},
		{"`statefulset/spire-server`", "`statefulset/spire`", "there is no statefulset spire"},
		{"`spiffe://cluster.local/ns/agentcube/sa/workloadmanager`", "`spiffe://cluster.local/ns/agentcube-system/sa/workloadmanager`",
			"the namespace is agentcube, not agentcube-system"},
		{"```bash\n:\n```\n```text\n/ns/agentcube/sa/workloadmanager\n```", "```bash\n:\n```\n```text\n/ns/agentcube/sa/manager\n```",
			"there is no serviceaccount manager"},
		{"`workloadmanager.agentcube.svc`", "`workloadmanager.agentcube-system.svc`", "the namespace is agentcube, not agentcube-system"},
		{"`workloadmanager.agentcube.svc`", "`manager.agentcube.svc`", "there is no service manager"},
		{"the namespace `agentcube`", "the namespace `agentcube-system`", "the namespace is agentcube, not agentcube-system"},
		{"```yaml\napiVersion: v1\nimage: agentcube-mtls/agent:e2e\n```", "```yaml\napiVersion: v1\nimage: agentcube-mtls/agent:v1\n```",
			"neither the charts nor the tests have the image agentcube-mtls/agent:v1"},
		{bash("kubectl create deployment r -n agentcube --image=redis:7.0.15"), bash("kubectl create deployment r -n agentcube --image=redis:8"),
			"neither the charts nor the tests have the image redis:8"},
		{"`--set spire.enabled=true,router.replicas=2`", "`--set spire.enabled=true,router.copies=2`", "values.yaml has no router.copies"},
		{bash("helm upgrade agentcube charts/base -n agentcube --reuse-values --set 'router.extraEnv[0].name=A'"),
			bash("helm upgrade agentcube charts/base -n agentcube --reuse-values --set 'router.env[0].name=A'"), "values.yaml has no router.env"},
		{"`spire.enabled`", "`spir.enabled`", "values.yaml has no spir.enabled"},
		{"```yaml\nspire:\n  enabled: true\n```", "```yaml\nspire:\n  enable: true\n```", "values.yaml has no spire.enable"},
		{bash("true && helm upgrade agentcube charts/base -n agentcube --reuse-values"), bash("true && helm upgrade agentcube charts/base -n agentcube"),
			"helm upgrade loses the values of the release agentcube: give --reuse-values"},
		{bash("KUBECONFIG=x helm upgrade agentcube charts/base -n agentcube --reuse-values"),
			bash("KUBECONFIG=x helm upgrade agentcube charts/base -n agentcube"),
			"helm upgrade loses the values of the release agentcube: give --reuse-values"},
		{"`helm upgrade agentcube charts/base --reuse-values`", "`helm upgrade agentcube charts/base`",
			"helm upgrade loses the values of the release agentcube: give --reuse-values"},
		{"`NODES=3 make up`", "`KNOTS=3 make up`", "no program reads KNOTS"},
		{bash("echo ${CLUSTER:-agentcube}"), bash("echo ${BUNDLE:-agentcube}"), "no program reads BUNDLE"},
		{bash("echo"), bash("echo 'a"), "this is no bash: 1:6: reached EOF without closing quote `'`"},
		{"`spiffe-helper:8089`", "`workloadmanager:8089`", "workloadmanager has no port 8089"},
		{bash("kubectl exec -n agentcube x -- spire-server entry show -spiffeID a"), bash("kubectl exec -n agentcube x -- spire-server entry show -spiffe a"),
			"spire-server has no flag -spiffe"},
		{bash("kubectl exec -n agentcube x -- curl --key a"), bash("kubectl exec -n agentcube x -- curl --keys a"), "curl has no flag --keys"},
		{"```yaml\napiVersion: v1\nargs:\n  - -target=a\n```", "```yaml\napiVersion: v1\nargs:\n  - -aim=a\n```", "no program has the flag -aim"},
		{"`go test ./e2e -run 'TestMain|TestScenarios'`", "`go test ./e2e -run 'TestMain|TestScenes'`", "./e2e has no test TestScenes"},
		{"`go test ./e2e -run 'TestScenarios/^switch-one$'`", "`go test ./e2e -run 'TestScenarios/^switch-all$'`", "./e2e has no scenario ^switch-all$"},
		{"`make scenario NAME=switch-one`", "`make scenario NAME=switch`", "./e2e has no scenario ^switch$"},
		{"`make -j test lint`", "`make test lnt`", "the Makefile has no target lnt"},
		{"![a](faults.svg)", "![a](faults.png)", "the link leads to no file: faults.png"},
		{`<img src="faults.svg">`, `<img src="faults.png">`, "the link leads to no file: faults.png"},
		{"[a](../charts/base/README.md#values)", "[a](../charts/base/README.md#keys)", "the link leads to no heading: ../charts/base/README.md#keys"},
		{"[a](../README.md)", "[a](READYOU.md)", "the link leads to no file: READYOU.md"},
		{"# Some heading\n[a](#some-heading)", "# Some heading\n[a](#another-heading)", "the link leads to no heading: #another-heading"},
	} {
		assert.Empty(t, lintDocs(t, facts, parseDocs("docs/a.md", []byte(c.good))), c.good)
		problems := lintDocs(t, facts, parseDocs("docs/a.md", []byte(c.bad)))
		assert.True(t, slices.ContainsFunc(problems, func(p string) bool { return strings.HasSuffix(p, ": "+c.problem) }), "%s: %q", c.bad, problems)
	}
}

// Places where a guide is broken, in each of its commands and outputs.
var docsBreakages = map[string]struct {
	place *regexp.Regexp
	with  string
}{
	"command":   {regexp.MustCompile(`\b(helm|kubectl) ([a-z]+)`), "$1 x$2"},
	"flag":      {regexp.MustCompile(`( --)([a-z-]+)`), "${1}x$2"},
	"namespace": {regexp.MustCompile(`( -n| --namespace) agentcube\b`), "$1 agentcube-system"},
	"log line":  {regexp.MustCompile(`(\.go:\d+\]) (\S+) (\S+)`), "$1 x$2 x$3"},
	"identity":  {regexp.MustCompile(`/sa/([a-z-]+)`), "/sa/x$1"},
	"value":     {regexp.MustCompile(`--set ([a-z]+)`), "--set x$1"},
}

// The docs linter sees wherever a guide is broken.
func TestLinterSeesBreakages(t *testing.T) {
	t.Parallel()
	root := repo.Path()
	facts := gatherDocsFacts(t, root)
	broken := map[string]int{}
	for _, page := range readDocs(t, root) {
		own := facts.with(t, page)
		lint := func(block docsCode) []string { return own.lint(&docsPage{path: page.path, blocks: []docsCode{block}}) }
		for _, block := range page.blocks {
			whole := lint(block)
			for what, breakage := range docsBreakages {
				for _, at := range breakage.place.FindAllStringIndex(block.text, -1) {
					name := block.text[at[0]:at[1]][len(" "):]
					if what == "flag" && !own.helm.someHasFlag(name) && !own.kubectl.someHasFlag(name) && !own.curlHasFlag(name) {
						continue // another program's, which the runner sees
					}
					there := block
					there.text = block.text[:at[0]] + breakage.place.ReplaceAllString(block.text[at[0]:at[1]], breakage.with) + block.text[at[1]:]
					assert.NotEqual(t, whole, lint(there), "%s:%d: nobody sees a broken %s: %s", page.path, block.line, what, block.text[at[0]:at[1]])
					broken[what]++
				}
			}
		}
	}
	for what := range docsBreakages {
		assert.Greater(t, broken[what], 5, "places with a %s", what)
	}
}
