// Package published plays, for tests, the registries that have the published images, where none can
// be reached: as a mirror of them on this machine.
//
// It serves what is built here under the published names, so the images differ from the published
// ones, and from the digests of those. The node image gets what kind's has and ours lacks. A
// registry's TLS, tokens and limits are not played.
package published

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"

	"agentcube-mtls/e2e/environment"
	"agentcube-mtls/e2e/platform/cluster"
	"agentcube-mtls/e2e/platform/engine"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/platform/nodeimage"
	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/components"
)

// router is the name of the Router's image as one of the caller's, which only the mirror has.
const router = "caller/router:e2e"

// Play starts a registry, unless those of the published images answer, and makes this process use it:
// by REGISTRY_MIRROR, and by ROUTER_IMAGE for an image of the caller's that has to be pulled. The
// returned function stops the registry. It is for clusters of IPv4 only, as is the network of the
// node image; others are made without a registry.
func Play(ctx context.Context, log *progress.Log) (stop func() error, err error) {
	if images.Mirror() != "" || cluster.Family != v1alpha4.IPv4Family || images.RegistriesAnswer(ctx) {
		return func() error { return nil }, nil
	}
	if err := components.CheckKubernetes(); err != nil {
		return nil, err
	}
	if err := engine.Ensure(ctx, log); err != nil {
		return nil, err
	}
	if _, err := environment.Images(ctx, log, false); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "agentcube-registry-")
	if err != nil {
		return nil, err
	}
	var server *http.Server
	var host string
	err = log.Step("starting a registry that plays those of the published images", func() error {
		contents, err := contents(ctx, filepath.Join(dir, "images.tar"))
		if err != nil {
			return err
		}
		server, host, err = serve(ctx, contents)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	stop = func() error {
		return errors.Join(server.Close(), os.RemoveAll(dir), forget(context.WithoutCancel(ctx), host))
	}
	return stop, errors.Join(os.Setenv("REGISTRY_MIRROR", host), os.Setenv("ROUTER_IMAGE", host+"/"+router))
}

// contents returns the images to serve by their names. Their layers stay in the file.
func contents(ctx context.Context, archive string) (map[string]v1.Image, error) {
	builtNode, err := nodeimage.Name()
	if err != nil {
		return nil, err
	}
	kindsNode, err := nodeimage.Published(ctx)
	if err != nil {
		return nil, err
	}
	kindsNode, _, _ = strings.Cut(kindsNode, "@")
	published, err := images.Published()
	if err != nil {
		return nil, err
	}
	builtRouter := images.Own()[0].Name
	sources := map[string]string{kindsNode: builtNode, router: builtRouter, images.Debian: images.Debian}
	for _, image := range published {
		sources[image.Name] = image.Name
	}
	if err := images.Save(ctx, archive, slices.Sorted(maps.Values(sources))...); err != nil {
		return nil, err
	}
	contents := map[string]v1.Image{}
	for served, built := range sources {
		if contents[served], err = images.Content(archive, built); err != nil {
			return nil, err
		}
	}
	contents[kindsNode], err = withNetwork(contents[kindsNode])
	return contents, err
}

// forget removes the names under which the engine has pulled images from a host.
func forget(ctx context.Context, host string) error {
	list := command.New("docker", "image", "ls", "--digests", "--filter", "reference="+host+"/*/*",
		"--format", `{{.Repository}}{{if eq .Tag "<none>"}}@{{.Digest}}{{else}}:{{.Tag}}{{end}}`)
	names, err := list.Output(ctx)
	if err != nil || names == "" {
		return err
	}
	// Without force, the image of a cluster that is kept is in use.
	return command.New(append([]string{"docker", "image", "rm", "--force"}, strings.Fields(names)...)...).Run(ctx)
}
