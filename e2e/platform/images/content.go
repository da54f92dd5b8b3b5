package images

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Content returns an image in a file of Save or Archive, for a registry. Its layers stay as they are
// in the file: to compress them would take the processors longer than all else that a registry does.
// Who pulls the image gets the one that the engine has, with the same identifier.
func Content(archive, image string) (v1.Image, error) {
	tag, err := name.NewTag(image)
	if err != nil {
		return nil, err
	}
	saved, err := tarball.ImageFromPath(archive, &tag)
	if err != nil {
		return nil, fmt.Errorf("reading the image %s: %w", image, err)
	}
	config, err := saved.RawConfigFile()
	if err != nil {
		return nil, err
	}
	digest, size, err := v1.SHA256(bytes.NewReader(config))
	if err != nil {
		return nil, err
	}
	layers, err := saved.Layers()
	if err != nil {
		return nil, err
	}
	content := uncompressed{config: config, layers: map[v1.Hash]plainLayer{}}
	manifest := v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.DockerManifestSchema2,
		Config:        v1.Descriptor{MediaType: types.DockerConfigJSON, Size: size, Digest: digest},
	}
	for _, layer := range layers {
		plain := plainLayer{layer}
		descriptor, err := partial.Descriptor(plain)
		if err != nil {
			return nil, fmt.Errorf("reading a layer of the image %s: %w", image, err)
		}
		content.layers[descriptor.Digest] = plain
		manifest.Layers = append(manifest.Layers, *descriptor)
	}
	if content.manifest, err = json.Marshal(manifest); err != nil {
		return nil, err
	}
	return partial.CompressedToImage(content)
}

// uncompressed is an image whose layers are not compressed.
type uncompressed struct {
	config, manifest []byte
	layers           map[v1.Hash]plainLayer
}

func (u uncompressed) RawConfigFile() ([]byte, error)      { return u.config, nil }
func (u uncompressed) RawManifest() ([]byte, error)        { return u.manifest, nil }
func (u uncompressed) MediaType() (types.MediaType, error) { return types.DockerManifestSchema2, nil }

// LayerByDigest returns a layer of the manifest.
func (u uncompressed) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	return u.layers[digest], nil
}

// plainLayer is a layer that a registry stores without compression.
type plainLayer struct{ v1.Layer }

func (l plainLayer) Digest() (v1.Hash, error)            { return l.DiffID() }
func (l plainLayer) Compressed() (io.ReadCloser, error)  { return l.Uncompressed() }
func (l plainLayer) MediaType() (types.MediaType, error) { return types.DockerUncompressedLayer, nil }

// Size reads the layer: no reader of an archive tells the sizes of its files.
func (l plainLayer) Size() (int64, error) {
	content, err := l.Uncompressed()
	if err != nil {
		return 0, err
	}
	defer func() { _ = content.Close() }()
	return io.Copy(io.Discard, content)
}
