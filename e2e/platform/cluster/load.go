package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"

	"agentcube-mtls/e2e/platform/images"
)

// Load brings images of the engine to every node that does not have them, all in one archive: each
// program that is started in a node takes its time.
func (c *Cluster) Load(ctx context.Context, list []images.Image) error {
	present, err := c.nodes()
	if err != nil {
		return err
	}
	wanted := map[string]string{} // identifiers by name
	for _, image := range list {
		if wanted[image.Name], err = images.ID(ctx, image.Name); err != nil {
			return err
		}
	}
	missing := map[string]string{}                // from any node
	lacking := map[nodes.Node]map[string]string{} // with what each will have
	for _, node := range present {
		there := loaded(ctx, node)
		lacks := maps.Clone(wanted)
		maps.DeleteFunc(lacks, func(name, id string) bool { return there[name] == id })
		if len(lacks) > 0 {
			maps.Copy(missing, lacks)
			maps.Copy(there, wanted)
			lacking[node] = there
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "agentcube-load-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	archive := filepath.Join(dir, "images.tar")
	if err := images.Save(ctx, archive, slices.Sorted(maps.Keys(missing))...); err != nil {
		return err
	}
	var together errgroup.Group
	for node, there := range lacking {
		together.Go(func() error {
			if err := load(node, archive); err != nil {
				return fmt.Errorf("loading images into node %s: %w", node, err)
			}
			note, err := json.Marshal(there)
			if err != nil {
				return err
			}
			return nodeutils.WriteFile(node, loadedFile, string(note))
		})
	}
	return together.Wait()
}

func load(node nodes.Node, archive string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return nodeutils.LoadImageArchive(node, file)
}

// loadedFile is the file in a node in which Load records what it has loaded. No program in the node
// tells the identifiers of images.
const loadedFile = "/kind/loaded.json"

// loaded returns the identifiers, by name, of the images that Load brought to a node. Where it is
// not known, they are brought again.
func loaded(ctx context.Context, node nodes.Node) map[string]string {
	var note bytes.Buffer
	there := map[string]string{}
	if err := node.CommandContext(ctx, "cat", loadedFile).SetStdout(&note).Run(); err == nil {
		_ = json.Unmarshal(note.Bytes(), &there)
	}
	return there
}
