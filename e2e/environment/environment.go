// Package environment brings up everything that AgentCube with mutual TLS needs, from the container
// engine to the charts.
package environment

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"agentcube-mtls/e2e/platform/cluster"
	"agentcube-mtls/e2e/platform/engine"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/platform/nodeimage"
	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/repo"
)

// Disk space that is taken at most, in GiB: by published images, by images and programs that are
// built here, and by a further cluster once all of that is there.
const (
	diskPublished = 8
	diskBuilt     = 20
	diskAgain     = 4
)

// Cluster returns a running cluster that has all images, made if it is not there.
func Cluster(ctx context.Context, log *progress.Log, name string, nodes int) (*cluster.Cluster, error) {
	if err := errors.Join(components.CheckKubernetes(), cluster.CheckFamily()); err != nil {
		return nil, err
	}
	if err := engine.Ensure(ctx, log); err != nil {
		return nil, err
	}
	c := cluster.New(name, nodes)
	if err := choose(ctx, log, c); err != nil {
		return nil, err
	}
	list, err := Images(ctx, log, c.Registry)
	if err != nil {
		return nil, err
	}
	if err := c.Ensure(ctx, log); err != nil {
		return nil, err
	}
	if err := log.Step("loading the images into the cluster", func() error { return c.Load(ctx, list) }); err != nil {
		return nil, err
	}
	return c, c.Kubectl(ctx)
}

// Images puts the images of a cluster into the engine, and returns those that have to be loaded into
// its nodes: if registries have the published ones, nodes pull them.
func Images(ctx context.Context, log *progress.Log, registry bool) ([]images.Image, error) {
	list, disk := images.Own(), uint64(diskPublished)
	if !registry {
		published, err := images.Published()
		if err != nil {
			return nil, err
		}
		list, disk = append(list, published...), diskBuilt
		if err := engine.EnsureBuildTools(ctx, log); err != nil {
			return nil, err
		}
	}
	if node, err := nodeimage.Name(); err == nil && images.Has(ctx, node) {
		disk = diskAgain
	}
	if err := engine.CheckDisk(ctx, disk); err != nil {
		return nil, err
	}
	return list, build(ctx, log, registry, list)
}

// choose decides where the images of a cluster come from. One that is there keeps what it has, so
// that a machine that goes offline finds its cluster again; another version of Kubernetes is an
// error, before anything is built for it. So is a mirror that lacks an image.
func choose(ctx context.Context, log *progress.Log, c *cluster.Cluster) error {
	image, err := c.Image(ctx)
	if err != nil {
		return err
	}
	if image != "" {
		minor, published := nodeimage.Recognize(image)
		if minor != components.KubernetesMinor {
			return fmt.Errorf("the nodes of the kind cluster %q run %s, and K8S=%s was asked for: run `CLUSTER=%[1]s make down` first",
				c.Name, image, components.KubernetesMinor)
		}
		c.Registry = published
		from := "images that are built from pinned Go modules and Debian packages"
		if published {
			from = "published images"
		}
		log.Printf("✓ the kind cluster %q uses %s", c.Name, from)
		return nil
	}
	if images.Mirror() != "" {
		c.Registry = true
		return log.Step("looking for the published images in the mirror "+images.Mirror(), func() error { return checkMirror(ctx) })
	}
	c.Registry = images.RegistriesAnswer(ctx)
	if c.Registry {
		log.Printf("✓ registries answer: kind's node image and the published images are used")
	} else {
		log.Printf("✓ no registry answers: every image is built from pinned Go modules and Debian packages")
	}
	return nil
}

// checkMirror returns an error if the mirror lacks an image that is pulled.
func checkMirror(ctx context.Context) error {
	if _, err := nodeimage.Published(ctx); err != nil {
		return err
	}
	published, err := images.Published()
	if err != nil {
		return err
	}
	for _, image := range append(published, images.Image{Name: images.Debian}) {
		if _, err := images.InMirror(ctx, image.Name); err != nil {
			return err
		}
	}
	return nil
}

// build builds the images, and the node image too where no registry has it.
func build(ctx context.Context, log *progress.Log, registry bool, list []images.Image) error {
	// The base image comes over the network while the compiler keeps the processors busy.
	together, inGroup := errgroup.WithContext(ctx)
	together.Go(func() error {
		return log.Step("Debian base image", func() error { return images.EnsureDebian(inGroup, registry) })
	})
	if !registry {
		together.Go(func() error { return compile(inGroup, log) })
	}
	if err := together.Wait(); err != nil {
		return err
	}
	if !registry {
		if err := log.Step("node image", func() error { return nodeimage.Build(ctx) }); err != nil {
			return err
		}
	}
	for _, image := range list {
		if err := log.Step("image "+image.Name, func() error { return image.Build(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

// compile builds the components one after the other: each build uses all processors.
func compile(ctx context.Context, log *progress.Log) error {
	for _, component := range components.All() {
		version, err := component.Version()
		if err != nil {
			return err
		}
		err = log.Step("building "+component.Name+" "+version, func() error {
			_, err := component.Build(ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Down removes the cluster, and stops the container engine if Up had to start it and nothing else
// is in it.
func Down(ctx context.Context, log *progress.Log, name string) error {
	if !engine.Running(ctx) {
		log.Printf("✓ no container engine is running: there is nothing to remove")
		return nil
	}
	err := log.Step("removing the kind cluster "+name, func() error {
		return cluster.New(name, 1).Delete(ctx)
	})
	if err != nil {
		return err
	}
	stopped, err := engine.Stop(ctx)
	if stopped {
		log.Printf("✓ stopped the container engine that `make up` had started")
	}
	cache, _ := repo.Cache()
	log.Printf("✓ the kind cluster %s is gone. What was built stays in %s for the next time: remove it with `rm -r %s`", name, cache, cache)
	return err
}
