package templatestests

import (
	"strings"
	"testing"

	"github.com/pmezard/go-difflib/difflib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/templates-tests/chart"
)

// TestDiffShowsOnlyTheChange: `helm diff` compares the text of manifests, so a change must not
// quote or reorder what it leaves as it is.
func TestDiffShowsOnlyTheChange(t *testing.T) {
	t.Parallel()
	for given, want := range map[string][]string{
		"{}": nil,
		"router: {extraEnv: [{name: A, value: b}, {name: C, value: d}]}":                     {"+- name: A", "+value: b", "+- name: C", "+value: d"},
		"workloadmanager: {extraEnv: [{name: A, value: \"b\\n\\nc\\n\"}]}":                   {"+- name: A", "+value: |", "+b", "+", "+c"},
		"router: {extraEnv: [{name: AGENTCUBE_SPIFFE_TRUST_DOMAIN, value: a}]}":              {`-value: "cluster.local"`, "+value: a"},
		"router: {podLabels: {a: b, z: c}}":                                                  {"+a: b", "+z: c"},
		"workloadmanager: {podLabels: {app.kubernetes.io/part-of: agentcube}}":               nil,
		"workloadmanager: {podLabels: {app.kubernetes.io/name: a}}":                          {`-app.kubernetes.io/name: "agentcube"`, "+app.kubernetes.io/name: a"},
		"router: {podAnnotations: {a: b}, annotations: {c: \"d\\n\\n\"}}":                    {"+c: |+", "+d", "+", "+a: b"},
		"spire: {server: {podAnnotations: {a: b}, podLabels: {c: d}}}":                       {"+c: d", "+a: b"},
		"spire: {agent: {podAnnotations: {a: b}, nodeSelector: {c: d}}}":                     {"+a: b", "+c: d"},
		"router: {extraArgs: [--a]}":                                                         {`+- "--a"`},
		"router: {extraContainers: [{name: a, image: b}]}":                                   {"+- image: b", "+name: a"},
		"router: {extraVolumes: [{name: a}]}":                                                {"+- name: a"},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a}]}": {"+- mountPath: /a", "+name: a", "+- name: a"},
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			const onlyInPrograms = "redis: {waitSeconds: 0}" // the environment
			before, err := chart.Release{Values: values(t, spire, onlyInPrograms)}.Render()
			require.NoError(t, err)
			after, err := chart.Release{Values: values(t, spire, onlyInPrograms, given)}.Render()
			require.NoError(t, err)
			var lines []string
			for path, manifest := range after {
				lines = append(lines, diff(before[path], manifest)...)
			}
			assert.Equal(t, want, lines)
		})
	}
}

// diff returns the lines that differ, without their indentation.
func diff(before, after string) (lines []string) {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, change := range difflib.NewMatcher(a, b).GetOpCodes() {
		if change.Tag == 'e' {
			continue
		}
		for _, line := range a[change.I1:change.I2] {
			lines = append(lines, "-"+strings.TrimSpace(line))
		}
		for _, line := range b[change.J1:change.J2] {
			lines = append(lines, "+"+strings.TrimSpace(line))
		}
	}
	return lines
}
