package images

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Docker, and what loads its archives, knows these names.
func TestImagesOfTheChart(t *testing.T) {
	t.Parallel()
	tools, err := Tools()
	require.NoError(t, err)
	assert.Regexp(t, `^curlimages/curl:\d+\.\d+\.\d+$`, tools)
	redis, err := Redis()
	require.NoError(t, err)
	assert.Regexp(t, `^redis:\d+\.\d+\.\d+$`, redis)
}

// An image that the caller names takes the place of the one built here.
func TestImageOfTheUser(t *testing.T) {
	built := Own()
	t.Setenv("ROUTER_IMAGE", "example.org/router:1")
	named := Own()
	assert.Equal(t, built[0].Name, named[0].Name, "the chart finds it under the same name")
	assert.Equal(t, "example.org/router:1", named[0].Base)
	assert.Equal(t, built[1].dockerfile(), named[1].dockerfile(), "the WorkloadManager's is not named")
	assert.False(t, IsOwn("agentcube-router"))
	assert.True(t, IsOwn("workloadmanager"))
}

// The caller's image is pulled unless the engine has it. By the name of ours it may have ours.
//
//nolint:paralleltest // all cases use the same docker
func TestImageOfTheUserIsPulled(t *testing.T) {
	dir := t.TempDir()
	done := filepath.Join(dir, "done")
	t.Setenv("PATH", dir)
	for name, c := range map[string]struct{ image, inspect, done string }{
		"not there": {"example.org/router:1", "exit 1", "pull example.org/router:1\ntag example.org/router:1 router:latest\n"},
		"there":     {"example.org/router:1", "echo sha256:1", "tag example.org/router:1 router:latest\n"},
		"same name": {"router:latest", "echo sha256:1", "pull router:latest\ntag router:latest router:latest\n"},
	} {
		t.Run(name, func(t *testing.T) {
			// A docker that only inspects, pulls and tags images.
			docker := "#!/bin/sh\ncase $1 in\nimage) " + c.inspect + " ;;\npull | tag) echo \"$@\" >>" + done + " ;;\n*) exit 2 ;;\nesac\n"
			require.NoError(t, os.WriteFile(filepath.Join(dir, "docker"), []byte(docker), 0o700))
			require.NoError(t, os.WriteFile(done, nil, 0o600))
			require.NoError(t, Image{Name: "router:latest", Base: c.image}.Build(t.Context()))
			content, err := os.ReadFile(done)
			require.NoError(t, err)
			assert.Equal(t, c.done, string(content))
		})
	}
}
