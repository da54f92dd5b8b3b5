package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnlyItsUserPullsAndPushes(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(private("user", "right", registry.New()))
	defer server.Close()
	image, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/image:1")
	require.NoError(t, err)
	known := remote.WithAuth(&authn.Basic{Username: "user", Password: "right"})
	require.NoError(t, remote.Write(image, empty.Image, known))
	_, err = remote.Head(image, known)
	require.NoError(t, err)
	for what, auth := range map[string]authn.Authenticator{
		"nobody":           authn.Anonymous,
		"a wrong password": &authn.Basic{Username: "user", Password: "wrong"},
		"another user":     &authn.Basic{Username: "other", Password: "right"},
	} {
		require.ErrorContains(t, remote.Write(image, empty.Image, remote.WithAuth(auth)), "401", what)
		_, err = remote.Head(image, remote.WithAuth(auth))
		assert.ErrorContains(t, err, "401", what)
	}
}
