package published

import (
	"archive/tar"
	"bytes"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// network is what kind's node image has and the one that is built here has not: kind applies the
// manifest, in which kind's image has its network daemon. The settings of the service pod-network
// play that daemon, for a cluster of one node with kind's default addresses.
var network = []struct{ path, content string }{
	{"kind/manifests/default-cni.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: pod-network\n  namespace: kube-system\n"},
	{"etc/pod-network", "POD_CIDRS=10.244.0.0/24\nCLUSTER_CIDRS=10.244.0.0/16\nROUTES=''\n"},
}

// withNetwork returns a node image that brings its pods' network itself, as kind's does.
func withNetwork(node v1.Image) (v1.Image, error) {
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	for _, file := range network {
		if err := archive.WriteHeader(&tar.Header{Name: file.path, Mode: 0o644, Size: int64(len(file.content))}); err != nil {
			return nil, err
		}
		if _, err := archive.Write([]byte(file.content)); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return mutate.AppendLayers(node, static.NewLayer(layer.Bytes(), types.DockerUncompressedLayer))
}
