package engine

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLackingNamesPackages(t *testing.T) {
	t.Parallel()
	find := func(program string) (string, error) {
		if program == "gcc" {
			return "", exec.ErrNotFound
		}
		return "/usr/bin/" + program, nil
	}
	tools := []tool{compiler, {"jq", []string{"jq"}}}
	assert.Equal(t, []string{"gcc", "libc6-dev"}, lacking(tools, find))
	assert.Empty(t, lacking(tools[1:], find))
}
