package published

import (
	"archive/tar"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every image is served whole, whichever registry its name is of.
func TestServedImages(t *testing.T) {
	t.Parallel()
	contents := map[string]v1.Image{}
	for _, image := range []string{"redis:7.0.15", "ghcr.io/spiffe/spire-server:1.14.1"} {
		content, err := random.Image(1000, 2)
		require.NoError(t, err)
		contents[image] = content
	}
	server, host, err := serve(t.Context(), contents)
	require.NoError(t, err)
	defer func() { assert.NoError(t, server.Close()) }()
	for path, image := range map[string]string{"library/redis:7.0.15": "redis:7.0.15", "spiffe/spire-server:1.14.1": "ghcr.io/spiffe/spire-server:1.14.1"} {
		served, err := name.NewTag(host + "/" + path)
		require.NoError(t, err)
		pulled, err := remote.Image(served)
		require.NoError(t, err)
		layers, err := pulled.Layers()
		require.NoError(t, err)
		require.Len(t, layers, 2)
		for _, layer := range layers {
			content, err := layer.Compressed() // checks the size and the digest at its end
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, content)
			require.NoError(t, err)
			require.NoError(t, content.Close())
		}
		expected, err := contents[image].Digest()
		require.NoError(t, err)
		digest, err := pulled.Digest()
		require.NoError(t, err)
		assert.Equal(t, expected, digest)
	}
}

func TestNobodyPushes(t *testing.T) {
	t.Parallel()
	server, host, err := serve(t.Context(), nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, server.Close()) }()
	pushed, err := name.NewTag(host + "/caller/image:1")
	require.NoError(t, err)
	content, err := random.Image(10, 1)
	require.NoError(t, err)
	var refusal *transport.Error
	require.ErrorAs(t, remote.Write(pushed, content), &refusal)
	assert.Equal(t, http.StatusMethodNotAllowed, refusal.StatusCode)
}

// The node image has the files that kind and the service pod-network read.
func TestNodeImageWithNetwork(t *testing.T) {
	t.Parallel()
	node, err := withNetwork(empty.Image)
	require.NoError(t, err)
	files := mutate.Extract(node)
	defer func() { _ = files.Close() }()
	found := map[string]string{}
	for archive := tar.NewReader(files); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		content, err := io.ReadAll(archive)
		require.NoError(t, err)
		found[header.Name] = string(content)
	}
	assert.Contains(t, found["kind/manifests/default-cni.yaml"], "kind: ConfigMap")
	assert.Contains(t, found["etc/pod-network"], "POD_CIDRS=10.244.0.0/24\n")
}
