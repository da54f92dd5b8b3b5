package docslint

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
	docsLogged     = regexp.MustCompile(`klog\.(?:V\(\d\)\.)?(?:Info|Warning|Error|Exit|Fatal)f?\("((?:[^"\\]|\\.)*)"`)
	docsEnvRead    = regexp.MustCompile(`Getenv\("([A-Z0-9_]+)"\)`)
	docsEnvNamed   = regexp.MustCompile(`"([A-Z][A-Z0-9]*_[A-Z0-9_]+)"`)
	docsMakeTarget = regexp.MustCompile(`(?m)^([a-z0-9-]+):`)
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

// harness reads the sources of the tests and of make up, for the variables that they read and the
// images that they make.
func (f *docsFacts) harness(t testing.TB) {
	t.Helper()
	docsSources(t, filepath.Join(f.root, "e2e"), func(source string) {
		for _, match := range docsEnvRead.FindAllStringSubmatch(source, -1) {
			f.env[match[1]] = true
		}
	})
	docsSources(t, filepath.Join(f.root, "e2e", "platform", "images"), func(source string) { f.images += source })
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
