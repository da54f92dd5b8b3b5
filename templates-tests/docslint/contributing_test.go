package docslint

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/repo"
)

// docsSetByChart matches the variables that the chart sets in a pod.
var docsSetByChart = regexp.MustCompile("^(AGENTCUBE_.*|WORKLOAD_MANAGER_URL|STORE_TYPE|(REDIS|VALKEY)_.*)$")

// CONTRIBUTING lists every variable.
func TestVariablesAreListed(t *testing.T) {
	t.Parallel()
	contributing, err := os.ReadFile(repo.Path("CONTRIBUTING.md"))
	require.NoError(t, err)
	variables := map[string]bool{}
	for _, dir := range []string{"e2e", "internal", "templates-tests"} {
		require.NoError(t, filepath.WalkDir(repo.Path(dir), func(path string, _ os.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" {
				return err
			}
			source, err := os.ReadFile(path)
			for _, match := range docsEnvRead.FindAllSubmatch(source, -1) {
				variables[string(match[1])] = true
			}
			return err
		}))
	}
	for _, name := range []string{"SOAK", "K8S", "STAND_IN_DIAL_TIMEOUT"} {
		require.Contains(t, variables, name)
	}
	delete(variables, "PATH")
	for name := range variables {
		if docsSetByChart.MatchString(name) {
			continue
		}
		assert.Regexp(t, "(?m)^\\|.*`"+name+"`.*\\|.*\\|.*\\|$", string(contributing), "%s has no row in CONTRIBUTING.md", name)
	}
}
