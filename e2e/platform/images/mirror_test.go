package images

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const pinned = "@sha256:08497ee19eace7b4b5348db5c6a1591d7752b164530a36f855cb0f2bdcbadd48"

// setMirror makes a handler the mirror of a test, and returns its host.
func setMirror(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	t.Setenv("REGISTRY_MIRROR", host)
	return host
}

// copied puts an image into a registry, and returns its digest.
func copied(t *testing.T, image string) v1.Hash {
	t.Helper()
	content, err := random.Image(1, 1)
	require.NoError(t, err)
	ref, err := name.ParseReference(image)
	require.NoError(t, err)
	require.NoError(t, remote.Write(ref, content))
	digest, err := content.Digest()
	require.NoError(t, err)
	return digest
}

// An image is in the mirror under the same repository, whichever registry has it.
//
//nolint:paralleltest // setMirror sets an environment variable
func TestCopyInMirror(t *testing.T) {
	host := setMirror(t, registry.New())
	for image, path := range map[string]string{
		"redis:7.0.15":                           "library/redis:7.0.15",
		"curlimages/curl:7.88.1":                 "curlimages/curl:7.88.1",
		"ghcr.io/spiffe/spire-server:1.14.1":     "spiffe/spire-server:1.14.1",
		"registry.k8s.io/a/controller:v1":        "a/controller:v1",
		"kindest/node:v1.34.3" + pinned:          "kindest/node:v1.34.3",
		"docker.io/library/debian:bookworm-slim": "library/debian:bookworm-slim",
	} {
		digest := copied(t, host+"/"+path)
		found, err := InMirror(t.Context(), image)
		require.NoError(t, err)
		assert.Equal(t, host+"/"+path+"@"+digest.String(), found)
	}
}

// The digest that an image names comes before the one that its tag has in the mirror.
//
//nolint:paralleltest // setMirror sets an environment variable
func TestPinnedCopyInMirror(t *testing.T) {
	host := setMirror(t, registry.New())
	pinned := copied(t, host+"/kindest/node:v1.34.3")
	moved := copied(t, host+"/kindest/node:v1.34.3")
	require.NotEqual(t, pinned, moved)
	found, err := InMirror(t.Context(), "kindest/node:v1.34.3@"+pinned.String())
	require.NoError(t, err)
	assert.Equal(t, host+"/kindest/node:v1.34.3@"+pinned.String(), found)
}

// An error names the variable, what is wrong, and the remedy.
func TestMirrorThatCannotBeUsed(t *testing.T) {
	refuse := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	for name, c := range map[string]struct {
		handler http.Handler
		says    string
	}{
		"no such image":   {registry.New(), "has no copy of kindest/node:v1.34.3: copy the image there"},
		"a password":      {refuse(http.StatusUnauthorized), "lets nobody pull kindest/node:v1.34.3 without a password"},
		"not for callers": {refuse(http.StatusForbidden), "lets nobody pull"},
		"not a registry":  {refuse(http.StatusTeapot), "does not answer: start the mirror"},
	} {
		t.Run(name, func(t *testing.T) {
			host := setMirror(t, c.handler)
			_, err := InMirror(t.Context(), "kindest/node:v1.34.3"+pinned)
			require.ErrorContains(t, err, "REGISTRY_MIRROR="+host)
			require.ErrorContains(t, err, c.says)
			assert.ErrorContains(t, err, "unset REGISTRY_MIRROR")
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		t.Setenv("REGISTRY_MIRROR", "127.0.0.1:1")
		_, err := InMirror(t.Context(), "redis:7.0.15")
		assert.ErrorContains(t, err, "REGISTRY_MIRROR=127.0.0.1:1 does not answer: start the mirror")
	})
	for _, wrong := range []string{"https://mirror.example.com", "mirror.example.com/docker"} {
		t.Run(wrong, func(t *testing.T) {
			t.Setenv("REGISTRY_MIRROR", wrong)
			_, err := InMirror(t.Context(), "redis:7.0.15")
			assert.ErrorContains(t, err, "REGISTRY_MIRROR="+wrong+": give the host of a registry")
		})
	}
}
