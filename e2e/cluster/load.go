package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"

	"agentcube-mtls/e2e/images"
)

// Load brings images of the engine to every node that does not have them.
func (c *Cluster) Load(ctx context.Context, names []string) error {
	present, err := c.nodes()
	if err != nil {
		return err
	}
	for _, name := range names {
		id, err := images.ID(ctx, name)
		if err != nil {
			return err
		}
		archive, err := images.Archive(ctx, name)
		if err != nil {
			return err
		}
		var nodesAtOnce errgroup.Group
		for _, node := range present {
			nodesAtOnce.Go(func() error {
				if loaded(ctx, node, name) == id {
					return nil
				}
				if err := load(node, archive); err != nil {
					return fmt.Errorf("loading the image %s into node %s: %w", name, node, err)
				}
				return nodeutils.WriteFile(node, note(name), id)
			})
		}
		if err := nodesAtOnce.Wait(); err != nil {
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
