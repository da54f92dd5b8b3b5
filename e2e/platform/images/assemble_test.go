package images

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// compiler is a function of an image that gives a file with the content, as a compiler on some
// machine leaves it.
func compiler(t *testing.T, content string, mode os.FileMode, at time.Time) func(context.Context) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(file, []byte(content), mode))
	require.NoError(t, os.Chtimes(file, at, at))
	return func(context.Context) (string, error) { return file, nil }
}

// server returns an image of two programs.
func server(t *testing.T) Image {
	t.Helper()
	return Image{
		Base: Scratch,
		Files: map[string]func(context.Context) (string, error){
			"/opt/bin/server": compiler(t, "serve", 0o755, time.Now()),
			"/check":          compiler(t, "check", 0o755, time.Now()),
		},
		Entrypoint: []string{"/opt/bin/server", "run"},
		Env:        []string{"GOGC=400"},
		User:       nobody,
	}
}

func assemble(t *testing.T, image Image) v1.Image {
	t.Helper()
	sources, err := image.sources(t.Context())
	require.NoError(t, err)
	assembled, err := image.assemble(sources, "a hash")
	require.NoError(t, err)
	return assembled
}

func digest(t *testing.T, image Image) string {
	t.Helper()
	hash, err := assemble(t, image).Digest()
	require.NoError(t, err)
	return hash.String()
}

func TestAssembledImageIsReproducible(t *testing.T) {
	t.Parallel()
	image := server(t)
	image.Files["/check"] = compiler(t, "check", 0o700, time.Unix(1e9, 0))
	for range 10 { // whatever the order of the map
		require.Equal(t, digest(t, server(t)), digest(t, image), "the same programs, in other files")
	}
}

// An assembled image changes with its inputs.
func TestAssembleInputs(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Image){
		"program":    func(i *Image) { i.Files["/check"] = compiler(t, "Check", 0o755, time.Now()) },
		"path":       func(i *Image) { i.Files["/checks"] = i.Files["/check"]; delete(i.Files, "/check") },
		"entrypoint": func(i *Image) { i.Entrypoint = []string{"/opt/bin/server"} },
		"variable":   func(i *Image) { i.Env = nil },
		"user":       func(i *Image) { i.User = "" },
	} {
		changed := server(t)
		change(&changed)
		assert.NotEqual(t, digest(t, server(t)), digest(t, changed), name)
	}
}

// An assembled image holds its programs.
func TestAssemble(t *testing.T) {
	t.Parallel()
	image := assemble(t, server(t))

	config, err := image.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, "linux/"+runtime.GOARCH, config.Platform().String())
	assert.Equal(t, v1.Config{
		Entrypoint: []string{"/opt/bin/server", "run"},
		Env:        []string{"GOGC=400"},
		User:       nobody,
		Labels:     map[string]string{inputsLabel: "a hash"},
	}, config.Config)

	extracted := mutate.Extract(image)
	defer func() { assert.NoError(t, extracted.Close()) }()
	files, contents := tar.NewReader(extracted), map[string]string{}
	for {
		file, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		content, err := io.ReadAll(files)
		require.NoError(t, err)
		contents[file.Name] = string(content)
		assert.Equal(t, os.FileMode(0o755), file.FileInfo().Mode(), file.Name)
		assert.True(t, file.ModTime.Equal(time.Unix(0, 0)), "%s is of %s", file.Name, file.ModTime)
		assert.Equal(t, []any{0, 0, "", ""}, []any{file.Uid, file.Gid, file.Uname, file.Gname}, "owner of %s", file.Name)
	}
	assert.Equal(t, map[string]string{"opt/bin/server": "serve", "check": "check"}, contents)
}
