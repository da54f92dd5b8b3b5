package templatestests

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	docsFlagMade   = regexp.MustCompile(`(?:Bool|String|Int|Duration|Var)(?:Slice)?(?:Var)?P?\((?:[^"()]+, )?"([a-z][A-Za-z0-9-]*)"`)
	docsFlagNamed  = regexp.MustCompile(`"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)"`)
	docsLogged     = regexp.MustCompile(`klog\.(?:V\(\d\)\.)?(?:Info|Warning|Error|Exit|Fatal)f?\("((?:[^"\\]|\\.)*)"`)
	docsEnvRead    = regexp.MustCompile(`Getenv\("([A-Z_]+)"\)`)
	docsEnvNamed   = regexp.MustCompile(`"([A-Z][A-Z0-9]*_[A-Z0-9_]+)"`)
	docsMakeTarget = regexp.MustCompile(`(?m)^([a-z0-9-]+):`)
	docsUse        = regexp.MustCompile(`(?:Use:\s+(?:fmt\.Sprintf\()?|UsageStr\s+= )"([a-z][a-z-]*)`)
	docsVerb       = regexp.MustCompile(`%[+#]?[a-z]`)
)

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
			pattern := strings.Join(parts, ".+")
			if after, ok := strings.CutPrefix(pattern, ".+"); ok {
				pattern = "(.+)" + after // what such a line begins with is another string of the program
			}
			f.logs = append(f.logs, regexp.MustCompile("^"+pattern+"$"))
		}
	})
}

// harness reads the sources of the tests and of make up, for the variables that they read and the images that they make, and those of
// SPIRE for the flags of the server's commands.
func (f *docsFacts) harness(t testing.TB) {
	t.Helper()
	docsSources(t, filepath.Join(f.root, "e2e"), func(source string) {
		for _, match := range docsEnvRead.FindAllStringSubmatch(source, -1) {
			f.env[match[1]] = true
		}
	})
	docsSources(t, filepath.Join(f.root, "e2e", "platform", "images"), func(source string) { f.images += source })
	server := docsModule(t, filepath.Join(f.root, "internal/components/spire"), "github.com/spiffe/spire") + "/cmd/spire-server/cli"
	docsSources(t, server, func(source string) {
		for _, match := range docsFlagMade.FindAllStringSubmatch(source, -1) {
			f.spireServer[match[1]] = true
		}
	})
}

// clients learns the commands and flags of helm and kubectl from their sources: a flag is a string in the code that makes it.
func (f *docsFacts) clients(t testing.TB) {
	t.Helper()
	learn := func(dirs ...string) docsClient {
		client := docsClient{map[string]bool{}, map[string]bool{}}
		for _, dir := range dirs {
			docsSources(t, dir, func(source string) {
				for _, match := range docsFlagNamed.FindAllStringSubmatch(source, -1) {
					client.flags[match[1]] = true
				}
				for _, match := range docsUse.FindAllStringSubmatch(source, -1) {
					client.verbs[match[1]] = true
				}
			})
		}
		return client
	}
	helm, kubectl := docsModule(t, f.root, "helm.sh/helm/v3"), docsModule(t, f.root, "k8s.io/kubectl")
	options := docsModule(t, f.root, "k8s.io/cli-runtime")
	helm4 := docsModule(t, filepath.Join(f.root, "internal/components/helm-4"), "helm.sh/helm/v4")
	f.helm = learn(helm+"/cmd/helm", helm+"/pkg/cli", helm4+"/pkg/cmd")
	f.kubectl = learn(kubectl+"/pkg/cmd", options+"/pkg/genericclioptions", options+"/pkg/resource")
}

// docsSources reads the Go files of a folder, but its tests.
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
