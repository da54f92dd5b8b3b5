package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"

	"agentcube-mtls/e2e/images"
)

// Load brings an image of the engine to every node that does not have it.
func (c *Cluster) Load(ctx context.Context, image string) error {
	present, err := c.nodes()
	if err != nil {
		return err
	}
	id, err := images.ID(ctx, image)
	if err != nil {
		return err
	}
	for _, node := range present {
		if loaded(ctx, node, image) == id {
			continue
		}
		archive, err := images.Archive(ctx, image)
		if err != nil {
			return err
		}
		if err := load(node, archive); err != nil {
			return fmt.Errorf("loading the image %s into node %s: %w", image, node, err)
		}
		if err := nodeutils.WriteFile(node, note(image), id); err != nil {
			return err
		}
	}
	return nil
}

func load(node nodes.Node, archive string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return nodeutils.LoadImageArchive(node, file)
}

// loaded returns the identifier of the image that Load last brought to the node under this name, or "".
func loaded(ctx context.Context, node nodes.Node, image string) string {
	var id bytes.Buffer
	if err := node.CommandContext(ctx, "cat", note(image)).SetStdout(&id).Run(); err != nil {
		return ""
	}
	return id.String()
}

// note is the file in a node where Load writes what it brought. The node has no other program that tells image identifiers.
func note(image string) string {
	return "/kind/loaded/" + strings.NewReplacer("/", "_", ":", "_").Replace(image)
}
