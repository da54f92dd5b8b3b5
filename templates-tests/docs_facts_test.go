package templatestests

import (
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

	"agentcube-mtls/e2e/module"
	"agentcube-mtls/e2e/repo"
	"agentcube-mtls/templates-tests/chart"
)

// docsAgentCube is AgentCube's own module.
const docsAgentCube = "github.com/volcano-sh/agentcube"

// docsFacts are what docs may speak of.
type docsFacts struct {
	root    string
	text    string          // all manifests, and the sources of the programs
	names   map[string]bool // kind/name, in lower case, and kind/ alone
	labels  map[string]bool // key=value
	env     map[string]bool
	flags   map[string]bool // of the programs
	ports   map[string]bool
	values  map[string]bool // keys of values.yaml, with dots
	targets map[string]bool // of the Makefile
	logs    []*regexp.Regexp
	helm    map[string]bool // flags of the clients
	kubectl map[string]bool
}

var (
	docsFlagMade   = regexp.MustCompile(`(?:Bool|String|Int|Duration)(?:Slice)?(?:Var)?P?\((?:[^"()]+, )?"([a-z][a-z0-9-]*)"`)
	docsFlagNamed  = regexp.MustCompile(`"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)"`)
	docsLogged     = regexp.MustCompile(`klog\.(?:V\(\d\)\.)?(?:Info|Warning|Error|Exit|Fatal)f?\("((?:[^"\\]|\\.)*)"`)
	docsEnvNamed   = regexp.MustCompile(`"([A-Z][A-Z0-9]*_[A-Z0-9_]+)"`)
	docsMakeTarget = regexp.MustCompile(`(?m)^([a-z0-9-]+):`)
	docsVerb       = regexp.MustCompile(`%[+#]?[a-z]`)
)

func gatherDocsFacts(t testing.TB, root string) *docsFacts {
	t.Helper()
	f := &docsFacts{root: root, names: map[string]bool{}, labels: map[string]bool{}, env: map[string]bool{}, flags: map[string]bool{},
		ports: map[string]bool{}, values: map[string]bool{}, targets: map[string]bool{}, helm: map[string]bool{}, kubectl: map[string]bool{}}
	for _, mode := range []string{plain, spire, "redis: {password: p, embedded: {enabled: true}}\nspire: {enabled: true}"} {
		f.render(t, chart.Release{Values: values(t, mode)})
	}
	f.render(t, chart.Release{Chart: chart.SpireCRDs()})
	f.program(t, filepath.Join(root, "e2e", "controlplane"))
	f.program(t, filepath.Join(root, "e2e", "probe"))
	f.program(t, docsModule(t, docsAgentCube)+"/pkg")
	f.clients(t)
	f.names["serviceaccount/default"] = true // of every namespace
	f.addValues("", chart.Base().Values)
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	for _, match := range docsMakeTarget.FindAllStringSubmatch(string(makefile), -1) {
		f.targets[match[1]] = true
	}
	return f
}

// docsModule is the folder of a module that this one depends on.
func docsModule(t testing.TB, path string) string {
	t.Helper()
	found, err := module.Find(t.Context(), repo.Path(), path)
	require.NoError(t, err)
	return found.Dir
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
		f.names[singular+"/"] = true
		return
	}
	f.learn(content)
	if kind == "statefulset" {
		f.names["pod/"+object.GetName()+"-0"] = true
		claims, _, _ := unstructured.NestedSlice(content, "spec", "volumeClaimTemplates")
		for _, claim := range claims {
			name, _, _ := unstructured.NestedString(claim.(map[string]any), "metadata", "name")
			f.names["persistentvolumeclaim/"+name+"-"+object.GetName()+"-0"] = true
		}
	}
}

// learn walks through an object for its labels, containers, environment, arguments and ports.
func (f *docsFacts) learn(content any) {
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
					f.names["container/"+container.(map[string]any)["name"].(string)] = true
				}
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
				}
			}
			f.learn(value)
		}
	case []any:
		for _, element := range content {
			f.learn(element)
		}
	}
}

func docsNumber(port int64) string {
	text, _ := yaml.Marshal(port)
	return strings.TrimSpace(string(text))
}

// program reads the sources of programs for their flags, variables and log lines.
func (f *docsFacts) program(t testing.TB, dir string) {
	t.Helper()
	docsSources(t, dir, func(source string) {
		f.text += source
		for _, match := range docsFlagMade.FindAllStringSubmatch(source, -1) {
			f.flags[match[1]] = true
		}
		for _, match := range docsEnvNamed.FindAllStringSubmatch(source, -1) {
			f.env[match[1]] = true
		}
		for _, match := range docsLogged.FindAllStringSubmatch(source, -1) {
			parts := docsVerb.Split(strings.ReplaceAll(match[1], `\"`, `"`), -1)
			if len(strings.Join(parts, "")) < 8 {
				continue // says too little to tell lines apart
			}
			for i := range parts {
				parts[i] = regexp.QuoteMeta(parts[i])
			}
			f.logs = append(f.logs, regexp.MustCompile("^"+strings.Join(parts, ".+")+"$"))
		}
	})
}

// clients learns the flags of helm and kubectl from their sources: a flag is a string in the code that makes it.
func (f *docsFacts) clients(t testing.TB) {
	t.Helper()
	learn := func(flags map[string]bool, dirs ...string) {
		for _, dir := range dirs {
			docsSources(t, dir, func(source string) {
				for _, match := range docsFlagNamed.FindAllStringSubmatch(source, -1) {
					flags[match[1]] = true
				}
			})
		}
	}
	helm, kubectl, options := docsModule(t, "helm.sh/helm/v3"), docsModule(t, "k8s.io/kubectl"), docsModule(t, "k8s.io/cli-runtime")
	learn(f.helm, helm+"/cmd/helm", helm+"/pkg/cli")
	learn(f.kubectl, kubectl+"/pkg/cmd", options+"/pkg/genericclioptions", options+"/pkg/resource")
}

func docsSources(t testing.TB, dir string, read func(source string)) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		read(string(source))
		return err
	}))
}

// addValues learns every key of values.yaml. Below an empty map or list any key may follow.
func (f *docsFacts) addValues(prefix string, values map[string]any) {
	for key, value := range values {
		f.values[prefix+key] = true
		if below, ok := value.(map[string]any); ok {
			f.addValues(prefix+key+".", below)
		}
	}
}

// with returns the facts with those that a page makes itself: the objects of its manifests.
func (f *docsFacts) with(t testing.TB, page *docsPage) *docsFacts {
	t.Helper()
	own := *f
	own.names, own.labels, own.ports = maps.Clone(f.names), maps.Clone(f.labels), maps.Clone(f.ports)
	if strings.Contains(page.source, docsAgentCube) {
		// The page installs AgentCube's own chart.
		old, err := loader.LoadDir(docsModule(t, docsAgentCube) + "/manifests/charts/base")
		require.NoError(t, err)
		own.render(t, chart.Release{Chart: old})
	}
	for _, block := range page.blocks {
		manifests := block.text
		if block.language == "bash" {
			manifests = docsManifests(block.text)
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
			own.names[docsKind(match[1])+"/"+match[2]] = true
			own.labels["app="+match[2]] = true // kubectl create deployment sets it
		}
		for _, match := range docsForwarded.FindAllStringSubmatch(block.text, -1) {
			own.ports[match[1]] = true
		}
	}
	return &own
}

// docsManifests returns the here-documents of a block.
func docsManifests(block string) string {
	var inside []string
	end := ""
	for line := range strings.SplitSeq(block, "\n") {
		switch match := docsHere.FindStringSubmatch(line); {
		case end == "" && match != nil:
			end = match[1]
			inside = append(inside, "---")
		case line == end:
			end = ""
		case end != "":
			inside = append(inside, line)
		}
	}
	return strings.Join(inside, "\n")
}

var (
	docsCreated   = regexp.MustCompile(`kubectl (?:create|expose) ([a-z]+)(?: generic)?[ /]([a-z][a-z0-9-]*)`)
	docsForwarded = regexp.MustCompile(`port-forward .* (\d+):\d+`)
)

// docsShort are kubectl's short names.
var docsShort = map[string]string{"deploy": "deployment", "svc": "service", "sts": "statefulset", "ds": "daemonset", "po": "pod",
	"cm": "configmap", "sa": "serviceaccount", "pvc": "persistentvolumeclaim", "crd": "customresourcedefinition", "ns": "namespace", "networkpolicies": "networkpolicy"}

func docsKind(name string) string {
	name = strings.ToLower(name)
	if long, ok := docsShort[name]; ok {
		return long
	}
	return strings.TrimSuffix(name, "s")
}

// docsForeign are kinds whose objects come from Kubernetes or from users.
var docsForeign = []string{"pod", "namespace", "node", "sandbox"}
