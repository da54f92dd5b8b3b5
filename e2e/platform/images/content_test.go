package images

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Who pulls an image from a registry gets the one that was saved, and no layer was compressed.
func TestContentOfArchive(t *testing.T) {
	t.Parallel()
	original, err := mutate.AppendLayers(empty.Image,
		static.NewLayer([]byte("one"), types.DockerUncompressedLayer), static.NewLayer([]byte("two"), types.DockerUncompressedLayer))
	require.NoError(t, err)
	archive := save(t, "example.org/image:1", original)

	content, err := Content(archive, "example.org/image:1")
	require.NoError(t, err)
	server := httptest.NewServer(registry.New())
	defer server.Close()
	copied, err := name.NewTag(strings.TrimPrefix(server.URL, "http://") + "/image:1")
	require.NoError(t, err)
	require.NoError(t, remote.Write(copied, content))

	pulled, err := remote.Image(copied)
	require.NoError(t, err)
	expected, err := original.ConfigName()
	require.NoError(t, err)
	identifier, err := pulled.ConfigName()
	require.NoError(t, err)
	assert.Equal(t, expected, identifier)
	config, err := original.ConfigFile()
	require.NoError(t, err)
	layers, err := pulled.Layers()
	require.NoError(t, err)
	require.Len(t, layers, len(config.RootFS.DiffIDs))
	for n, layer := range layers {
		digest, err := layer.Digest()
		require.NoError(t, err)
		assert.Equal(t, config.RootFS.DiffIDs[n], digest)
	}
}

func TestContentOfAnotherImage(t *testing.T) {
	t.Parallel()
	_, err := Content(save(t, "example.org/image:1", empty.Image), "example.org/other:1")
	assert.ErrorContains(t, err, "reading the image example.org/other:1")
}

// save writes an image to a file, as the engine does.
func save(t *testing.T, image string, content v1.Image) string {
	t.Helper()
	tag, err := name.NewTag(image)
	require.NoError(t, err)
	archive := filepath.Join(t.TempDir(), "image.tar")
	require.NoError(t, tarball.WriteToFile(archive, tag, content))
	return archive
}
