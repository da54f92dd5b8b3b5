package docslint

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/gomod"
	"agentcube-mtls/templates-tests/chart"
)

// docsAgentCube is AgentCube's own module.
const docsAgentCube = "github.com/volcano-sh/agentcube"

// docsFacts are what docs may speak of.
type docsFacts struct {
	root    string
	module  string          // the folder of AgentCube's own module
	text    string          // all manifests, and the sources of the programs
	images  string          // the sources that name them, beside the manifests
	names   map[string]bool // kind/name, in lower case, and kind/ alone
	wide    map[string]bool // kinds of the whole cluster
	labels  map[string]bool // key=value
	env     map[string]bool
	flags   map[string]bool // of the programs
	ports   map[string]bool // alone, and with their owner: name:port
	values  map[string]bool // keys of values.yaml, with dots
	targets map[string]bool // of the Makefile
	logs    []*regexp.Regexp
	docsClients
}

func gatherDocsFacts(t testing.TB, root string) *docsFacts {
	t.Helper()
	f := &docsFacts{root: root, names: map[string]bool{}, flags: map[string]bool{},
		labels: map[string]bool{"owner=helm": true, "name=agentcube": true}, // those of Helm's records
		ports:  map[string]bool{}, values: map[string]bool{}, targets: map[string]bool{},
		env:  map[string]bool{"PATH": true, "PWD": true, "HOME": true, "KUBECONFIG": true, "XDG_CACHE_HOME": true}, // Go reads the last one
		wide: map[string]bool{"namespace": true, "node": true, "customresourcedefinition": true, "clusterrole": true, "clusterrolebinding": true},
	}
	redis := map[string]any{"addr": "redis:6379"}
	mutualTLS := map[string]any{"enabled": true}
	for _, values := range []map[string]any{
		{"redis": redis},
		{"redis": redis, "spire": mutualTLS},
		{"redis": map[string]any{"password": "p", "embedded": map[string]any{"enabled": true}}, "spire": mutualTLS},
	} {
		f.render(t, chart.Release{Values: values})
	}
	f.render(t, chart.Release{Chart: chart.SpireCRDs()})
	f.program(t, filepath.Join(root, "e2e", "controlplane"))
	for _, program := range []string{"router", "workloadmanager", "agent", "probe"} {
		f.program(t, filepath.Join(root, "e2e", "cmd", program))
	}
	module, err := gomod.Find(t.Context(), root, docsAgentCube)
	require.NoError(t, err)
	f.module = module.Dir
	f.program(t, filepath.Join(f.module, "pkg"))
	f.harness(t)
	f.docsClients, err = clients()
	require.NoError(t, err)
	f.names["serviceaccount/default"] = true // of every namespace
	f.addValues("", chart.Base().Values)
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	for _, match := range docsMakeTarget.FindAllStringSubmatch(string(makefile), -1) {
		f.targets[match[1]] = true
	}
	minors, err := components.KubernetesMinors()
	require.NoError(t, err)
	for _, minor := range minors {
		f.targets["test-kubernetes-"+minor] = true
	}
	return f
}

func (f *docsFacts) render(t testing.TB, release chart.Release) {
	t.Helper()
	manifests, err := release.Render()
	require.NoError(t, err)
	for _, manifest := range manifests {
		f.text += manifest
	}
	objects, err := release.Objects()
	require.NoError(t, err)
	for _, object := range objects {
		f.object(t, object)
	}
	for _, crd := range chart.Base().CRDObjects() {
		var object unstructured.Unstructured
		require.NoError(t, yaml.Unmarshal(crd.File.Data, &object.Object))
		f.object(t, &object)
	}
}

// object learns an object's name and what is in it, without a case for each kind.
func (f *docsFacts) object(t testing.TB, object client.Object) {
	t.Helper()
	kind := strings.ToLower(object.GetObjectKind().GroupVersionKind().Kind)
	f.names[kind+"/"], f.names[kind+"/"+object.GetName()] = true, true
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	require.NoError(t, err)
	if kind == "customresourcedefinition" {
		singular, _, _ := unstructured.NestedString(content, "spec", "names", "singular")
		scope, _, _ := unstructured.NestedString(content, "spec", "scope")
		f.names[singular+"/"], f.wide[singular] = true, scope == "Cluster"
		return
	}
	f.learn(content, object.GetName())
	if kind == "statefulset" {
		f.names["persistentvolumeclaim/"] = true
		claims, _, _ := unstructured.NestedSlice(content, "spec", "volumeClaimTemplates")
		for _, claim := range claims {
			name, _, _ := unstructured.NestedString(claim.(map[string]any), "metadata", "name")
			f.names["persistentvolumeclaim/"+name+"-"+object.GetName()+"-0"] = true
		}
	}
}

// learn walks through an object for its labels, containers, environment, arguments and ports. Those
// belong to a container or, outside of containers, to the object.
func (f *docsFacts) learn(content any, owner string) {
	switch content := content.(type) {
	case map[string]any:
		for key, value := range content {
			switch key {
			case "labels", "matchLabels":
				labels, _ := value.(map[string]any)
				for name, v := range labels {
					if v, ok := v.(string); ok {
						f.labels[name+"="+v] = true
					}
				}
			case "containers", "initContainers":
				for _, container := range value.([]any) {
					name := container.(map[string]any)["name"].(string)
					f.names["container/"], f.names["container/"+name] = true, true
					f.learn(container, name)
				}
				continue
			case "env":
				for _, variable := range value.([]any) {
					f.env[variable.(map[string]any)["name"].(string)] = true
				}
			case "args":
				for _, arg := range value.([]any) {
					name, _, _ := strings.Cut(strings.TrimLeft(arg.(string), "-"), "=")
					f.flags[name] = true
				}
			case "port", "containerPort":
				if port, ok := value.(int64); ok {
					f.ports[docsNumber(port)] = true
					f.ports[owner+":"+docsNumber(port)] = true
				}
			}
			f.learn(value, owner)
		}
	case []any:
		for _, element := range content {
			f.learn(element, owner)
		}
	}
}

func docsNumber(port int64) string {
	text, _ := yaml.Marshal(port)
	return strings.TrimSpace(string(text))
}

// addValues learns every key of values.yaml. A section's own ends in a dot, too; below an empty map
// or list any key may follow.
func (f *docsFacts) addValues(prefix string, values map[string]any) {
	for key, value := range values {
		f.values[prefix+key] = true
		if below, ok := value.(map[string]any); ok && len(below) > 0 {
			f.values[prefix+key+"."] = true
			f.addValues(prefix+key+".", below)
		}
	}
}

// with returns the facts with those that a page makes itself: the objects of its manifests.
func (f *docsFacts) with(t testing.TB, page *docsPage) *docsFacts {
	t.Helper()
	own := *f
	own.names, own.labels, own.ports = maps.Clone(f.names), maps.Clone(f.labels), maps.Clone(f.ports)
	for mention, dir := range map[string]string{
		docsAgentCube:              filepath.Join(f.module, "manifests/charts/base"),
		"e2e/guides/testdata/main": filepath.Join(f.root, "e2e/guides/testdata/main"),
	} {
		if strings.Contains(page.source, mention) { // the page installs that chart
			old, err := loader.LoadDir(dir)
			require.NoError(t, err)
			own.render(t, chart.Release{Chart: old, Values: map[string]any{"redis": map[string]any{"addr": "redis:6379"}, "spire": map[string]any{"enabled": true}}})
		}
	}
	for _, block := range page.blocks {
		manifests := block.text
		if block.language == "bash" {
			shell, _ := docsParse(block, false) // what cannot be parsed is reported elsewhere
			manifests = strings.Join(shell.documents, "\n---\n")
		} else if block.language != "yaml" {
			continue
		}
		for manifest := range strings.SplitSeq(manifests, "\n---\n") {
			var object unstructured.Unstructured
			// A manifest may hold a shell's variables; what it cannot say then is not learnt.
			if yaml.Unmarshal([]byte(manifest), &object.Object) == nil && object.GetKind() != "" {
				own.object(t, &object)
			}
		}
		for _, match := range docsCreated.FindAllStringSubmatch(block.text, -1) {
			kind := docsKind(match[2])
			if match[1] == "expose" {
				kind = "service" // of that name
			}
			own.names[kind+"/"+match[3]] = true
			own.labels["app="+match[3]] = true // kubectl create deployment sets it
		}
		for _, match := range docsForwarded.FindAllStringSubmatch(block.text, -1) {
			own.ports[match[1]] = true
		}
	}
	return &own
}

var (
	docsCreated   = regexp.MustCompile(`kubectl (create|expose) ([a-z]+)(?: generic)?[ /]([a-z][a-z0-9-]*)`)
	docsForwarded = regexp.MustCompile(`port-forward .* (\d+):\d+`)
)

// docsShort are kubectl's short names.
var docsShort = map[string]string{"deploy": "deployment", "svc": "service", "sts": "statefulset", "ds": "daemonset", "po": "pod",
	"cm": "configmap", "sa": "serviceaccount", "pvc": "persistentvolumeclaim", "crd": "customresourcedefinition", "ns": "namespace"}

// docsKind is the kind that a command or a sentence means: the singular, in lower case, without its
// API group.
func docsKind(name string) string {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	for _, plural := range [][2]string{{"ies", "y"}, {"xes", "x"}, {"s", ""}} {
		if stem, ok := strings.CutSuffix(name, plural[0]); ok {
			name = stem + plural[1]
			break
		}
	}
	return cmp.Or(docsShort[name], name)
}

// docsForeign are kinds whose objects come from Kubernetes or from users.
var docsForeign = []string{"pod", "namespace", "node", "event", "sandbox"}
