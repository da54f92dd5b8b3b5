package templatestests

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/repo"
)

// TestRejectionsAreDocumented: each message by which the chart rejects an upgrade because of what
// is in the cluster has a row in docs/operations.md. Messages about values alone end with the fix.
func TestRejectionsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(repo.Path("docs", "operations.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "### Helm rejects an install or an upgrade\n")
	require.True(t, found)
	table, _, _ := strings.Cut(rest, "\n#")
	messages := rejections(t, "templates/_upgrade.tpl", "templates/_validate_cluster.tpl")
	require.Greater(t, len(messages), 8)
	for _, message := range messages {
		documented := slices.ContainsFunc(fixedParts(message), func(part string) bool { return strings.Contains(table, part) })
		assert.True(t, documented, "no row of the table has a part of this message: %s", message)
	}
	messages = rejections(t, "templates/_validate.tpl", "templates/_validate_pods.tpl", "files/checks/*.tpl")
	require.Greater(t, len(messages), 20)
	for _, message := range messages {
		assert.Contains(t, message, ": ", "a message about values says what is wrong, and after a colon how to fix it")
	}
}

var rejection = regexp.MustCompile(`fail \(?(?:printf )?("(?:[^"\\]|\\.)*")`)

// rejections returns the texts, with their verbs, of what files of the chart, as patterns, fail with.
func rejections(t *testing.T, files ...string) []string {
	t.Helper()
	var found []string
	for _, pattern := range files {
		matches, err := filepath.Glob(repo.Path("charts", "base", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, matches, pattern)
		for _, file := range matches {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, match := range rejection.FindAllStringSubmatch(string(source), -1) {
				found = append(found, strings.Trim(match[1], `"`))
			}
		}
	}
	return found
}

// fixedParts returns the starts of the parts of a message that are always the same, and long enough
// to be no other message's.
func fixedParts(message string) []string {
	var long []string
	for _, part := range regexp.MustCompile(`%[a-z]`).Split(message, -1) {
		if len(part) > 30 {
			long = append(long, strings.Trim(part[:min(len(part), 40)], ", "))
		}
	}
	return long
}
