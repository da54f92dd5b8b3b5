package published

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// serve serves images under their repositories and tags, whichever registry they name, until the
// server is closed. It listens on all addresses of this machine, because nodes reach it by another
// one than the engine. Nobody can push content to it.
func serve(ctx context.Context, contents map[string]v1.Image) (server *http.Server, host string, err error) {
	blobs := blobs{}
	for _, content := range contents {
		if err := blobs.add(content); err != nil {
			return nil, "", err
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":0")
	if err != nil {
		return nil, "", err
	}
	server = &http.Server{Handler: registry.New(registry.WithBlobHandler(blobs), registry.Logger(log.New(io.Discard, "", 0)))}
	go func() { _ = server.Serve(listener) }()
	host = fmt.Sprintf("127.0.0.1:%d", listener.Addr().(*net.TCPAddr).Port)
	for image, content := range contents {
		if err := put(ctx, host, image, content); err != nil {
			return nil, "", errors.Join(err, server.Close())
		}
	}
	return server, host, nil
}

// put puts the manifest of an image into the registry, which has its blobs.
func put(ctx context.Context, host, image string, content v1.Image) error {
	original, err := name.NewTag(image)
	if err != nil {
		return err
	}
	served, err := name.NewTag(fmt.Sprintf("%s/%s:%s", host, original.RepositoryStr(), original.TagStr()))
	if err != nil {
		return err
	}
	return remote.Put(served, content, remote.WithContext(ctx))
}

// blobs are the configurations and the layers of images, where they are.
type blobs map[v1.Hash]blob

type blob struct {
	size int64
	open func() (io.ReadCloser, error)
}

func (b blobs) add(content v1.Image) error {
	manifest, err := content.Manifest()
	if err != nil {
		return err
	}
	config, err := partial.ConfigLayer(content)
	if err != nil {
		return err
	}
	b[manifest.Config.Digest] = blob{manifest.Config.Size, config.Compressed}
	for _, descriptor := range manifest.Layers {
		layer, err := content.LayerByDigest(descriptor.Digest)
		if err != nil {
			return err
		}
		b[descriptor.Digest] = blob{descriptor.Size, layer.Compressed}
	}
	return nil
}

// Get implements registry.BlobHandler.
func (b blobs) Get(_ context.Context, _ string, digest v1.Hash) (io.ReadCloser, error) {
	if found, there := b[digest]; there {
		return found.open()
	}
	return nil, registry.ErrNotFound
}

// Stat implements registry.BlobStatHandler.
func (b blobs) Stat(_ context.Context, _ string, digest v1.Hash) (int64, error) {
	if found, there := b[digest]; there {
		return found.size, nil
	}
	return 0, registry.ErrNotFound
}
