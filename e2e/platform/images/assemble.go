package images

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"agentcube-mtls/internal/command"
)

// load puts an image that contains only programs into the engine.
func (i Image) load(ctx context.Context, sources map[string]string, inputs string) error {
	tag, err := name.NewTag(i.Name)
	if err != nil {
		return err
	}
	image, err := i.assemble(sources, inputs)
	if err != nil {
		return err
	}
	archive, writer := io.Pipe()
	defer func() { _ = archive.Close() }()
	go func() { _ = writer.CloseWithError(tarball.Write(tag, image, writer)) }()
	return command.New("docker", "load").Reading(archive).Run(ctx)
}

// assemble returns an image that contains only programs. Equal inputs make an equal digest.
func (i Image) assemble(sources map[string]string, inputs string) (v1.Image, error) {
	layer, err := i.layer(sources)
	if err != nil {
		return nil, err
	}
	base, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS:           "linux",
		Architecture: runtime.GOARCH,
		RootFS:       v1.RootFS{Type: "layers"},
		Config:       v1.Config{Entrypoint: i.Entrypoint, Env: i.Env, User: i.User, Labels: map[string]string{inputsLabel: inputs}},
	})
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(base, static.NewLayer(layer, types.DockerUncompressedLayer))
}

// layer returns an archive of the programs. It does not depend on the machine: the owner is root,
// and the time, which is left out, is 0.
func (i Image) layer(sources map[string]string) ([]byte, error) {
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	for _, path := range i.paths() {
		program, err := os.ReadFile(sources[path])
		if err != nil {
			return nil, err
		}
		header := tar.Header{Name: strings.TrimPrefix(path, "/"), Mode: 0o755, Size: int64(len(program))}
		if err := archive.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(program); err != nil {
			return nil, err
		}
	}
	err := archive.Close()
	return layer.Bytes(), err
}
