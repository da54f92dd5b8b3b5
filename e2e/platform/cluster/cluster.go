// Package cluster makes and removes the kind cluster that everything is installed on.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodes"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/engine"
	"agentcube-mtls/e2e/platform/nodeimage"
	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
)

// mark is the path at which every node of a cluster made here has a folder of this machine mounted.
// A node has it from the start, so that a cluster whose creation was interrupted is recognized as
// ours too.
const mark = "/var/lib/agentcube-mtls"

// Cluster is a kind cluster, which need not exist yet.
type Cluster struct {
	Name string
	// Nodes is how many nodes it has: one control plane, which also runs pods, and workers.
	Nodes int
	// Registry is whether kind's published node image is used, and not the one built here.
	Registry bool

	provider *cluster.Provider
}

// New returns the cluster of that name, which need not exist.
func New(name string, nodes int) *Cluster {
	return &Cluster{Name: name, Nodes: nodes, provider: cluster.NewProvider(cluster.ProviderWithDocker())}
}

// Kubeconfig returns the file with the credentials of the cluster's administrator. The user's own
// kubeconfig is left alone.
func (c *Cluster) Kubeconfig() (string, error) {
	dir, err := c.dir()
	return filepath.Join(dir, "kubeconfig"), err
}

func (c *Cluster) connect() (*kube.Client, error) {
	kubeconfig, err := c.Kubeconfig()
	if err != nil {
		return nil, err
	}
	return kube.Connect(kubeconfig)
}

func (c *Cluster) dir() (string, error) { return repo.Cache("clusters", c.Name) }

// Ensure returns when the cluster is up. A cluster that is incomplete or disturbed is
// re-created; one that is not ours is an error.
func (c *Cluster) Ensure(ctx context.Context, log *progress.Log) error {
	present, err := c.nodes()
	if err != nil {
		return err
	}
	if len(present) > 0 {
		usable, err := c.usable(ctx, present)
		if err != nil {
			return err
		}
		if usable {
			log.Printf("✓ the kind cluster %q exists already", c.Name)
			return c.revive(ctx, log, present)
		}
		if err := log.Step("removing a cluster that is incomplete, or that tests have left disturbed", func() error { return c.delete() }); err != nil {
			return err
		}
	}
	return log.Step(fmt.Sprintf("creating the kind cluster %q with %d node(s)", c.Name, c.Nodes), func() error { return c.create(ctx) })
}

// Image returns the image that the nodes of a cluster run, or nothing if it is not there.
func (c *Cluster) Image(ctx context.Context) (string, error) {
	present, err := c.nodes()
	if err != nil || len(present) == 0 {
		return "", err
	}
	return command.New("docker", "inspect", "--format", "{{.Config.Image}}", present[0].String()).Output(ctx)
}

// CollectLogs writes the logs of every node into a folder.
func (c *Cluster) CollectLogs(dir string) error { return c.provider.CollectLogs(c.Name, dir) }

// Delete removes the cluster. No cluster of the name is no error; one that is not ours is.
func (c *Cluster) Delete(ctx context.Context) error {
	present, err := c.nodes()
	if err != nil || len(present) == 0 {
		return err
	}
	if err := c.checkOurs(ctx, present); err != nil {
		return err
	}
	return c.delete()
}

func (c *Cluster) nodes() ([]nodes.Node, error) {
	present, err := c.provider.ListInternalNodes(c.Name)
	if err != nil {
		return nil, fmt.Errorf("looking for the kind cluster %q: %w", c.Name, err)
	}
	return present, nil
}

func (c *Cluster) delete() error {
	dir, err := c.dir()
	if err != nil {
		return err
	}
	if err := c.provider.Delete(c.Name, filepath.Join(dir, "kubeconfig")); err != nil {
		return fmt.Errorf("removing the kind cluster %q: %w", c.Name, err)
	}
	return os.RemoveAll(dir)
}

// checkOurs returns an error if the cluster was made by somebody else.
func (c *Cluster) checkOurs(ctx context.Context, present []nodes.Node) error {
	for _, node := range present {
		mounts, err := command.New("docker", "inspect", "--format", "{{range .Mounts}}{{println .Destination}}{{end}}", node.String()).Output(ctx)
		if err != nil {
			return err
		}
		if !slices.Contains(strings.Fields(mounts), mark) {
			return fmt.Errorf("there is a kind cluster %q that was not made by this project: remove it with `kind delete cluster --name %s`, "+
				"or choose another name with CLUSTER=…", c.Name, c.Name)
		}
	}
	return nil
}

// usable tells whether our cluster can be used as it is. It is not when it is incomplete or
// disturbed.
func (c *Cluster) usable(ctx context.Context, present []nodes.Node) (bool, error) {
	if err := c.checkOurs(ctx, present); err != nil {
		return false, err
	}
	file, err := c.soundFile()
	if err != nil {
		return false, err
	}
	if _, err := os.Stat(file); err != nil {
		return false, nil
	}
	if len(present) != c.Nodes {
		return false, fmt.Errorf("the kind cluster %q has %d node(s), and NODES=%d was asked for: run `CLUSTER=%s make down` first", c.Name, len(present), c.Nodes, c.Name)
	}
	for _, node := range present {
		// The engine stops its containers when the machine restarts.
		if err := command.New("docker", "start", node.String()).Run(ctx); err != nil {
			return false, err
		}
	}
	return true, nil
}

// revive makes a cluster work whose nodes are running, even if they were restarted since it last
// worked.
func (c *Cluster) revive(ctx context.Context, log *progress.Log, present []nodes.Node) error {
	restarted, err := c.restarted(ctx, present)
	if err != nil {
		return err
	}
	if err := c.useMirror(ctx, present); err != nil {
		return err
	}
	if err := c.connectPods(ctx, present); err != nil {
		return err
	}
	if !restarted {
		return nil
	}
	if err := log.Step("replacing the pods, because the nodes were restarted", func() error { return c.replacePods(ctx) }); err != nil {
		return err
	}
	return c.MarkSound()
}

// soundFile returns the file that exists while the cluster is complete and undisturbed.
func (c *Cluster) soundFile() (string, error) {
	dir, err := c.dir()
	return filepath.Join(dir, "sound"), err
}

// MarkSound makes the next Ensure reuse the cluster as it is.
func (c *Cluster) MarkSound() error {
	file, err := c.soundFile()
	if err != nil {
		return err
	}
	return os.WriteFile(file, nil, 0o644)
}

// MarkUnsound makes the next Ensure re-create the cluster. Call it before you disturb the cluster,
// because a process that is killed cannot call it afterwards.
func (c *Cluster) MarkUnsound() error {
	file, err := c.soundFile()
	if err != nil {
		return err
	}
	return os.Remove(file)
}

func (c *Cluster) create(ctx context.Context) error {
	dir, err := c.dir()
	if err != nil {
		return err
	}
	config, err := c.config(ctx, dir)
	if err != nil {
		return err
	}
	options := []cluster.CreateOption{
		cluster.CreateWithV1Alpha4Config(config),
		cluster.CreateWithKubeconfigPath(filepath.Join(dir, "kubeconfig")),
		cluster.CreateWithDisplayUsage(false),
		cluster.CreateWithDisplaySalutation(false),
	}
	if c.Registry {
		options = append(options, cluster.CreateWithWaitForReady(3*time.Minute))
	}
	created := make(chan error, 1)
	go func() { created <- c.provider.Create(c.Name, options...) }()
	select {
	case err = <-created:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		err = c.finish(ctx)
	}
	if err != nil {
		// Nothing half-made is left, whether kind failed or was interrupted.
		return errors.Join(fmt.Errorf("creating the kind cluster %q: %w", c.Name, err), c.delete())
	}
	return nil
}

func (c *Cluster) finish(ctx context.Context) error {
	present, err := c.nodes()
	if err != nil {
		return err
	}
	if err := favorPods(ctx, present); err != nil {
		return err
	}
	if err := c.useMirror(ctx, present); err != nil {
		return err
	}
	if err := c.connectPods(ctx, present); err != nil {
		return err
	}
	return c.MarkSound()
}

func (c *Cluster) config(ctx context.Context, dir string) (*v1alpha4.Cluster, error) {
	image, err := nodeimage.Name()
	if c.Registry {
		image, err = nodeimage.Published(ctx)
	}
	if err != nil {
		return nil, err
	}
	config := &v1alpha4.Cluster{}
	for n := range c.Nodes {
		node := v1alpha4.Node{
			Role:        v1alpha4.WorkerRole,
			Image:       image,
			ExtraMounts: []v1alpha4.Mount{{HostPath: dir, ContainerPath: mark, Readonly: true}},
		}
		if n == 0 {
			node.Role = v1alpha4.ControlPlaneRole
		}
		config.Nodes = append(config.Nodes, node)
	}
	config.Networking.IPFamily = Family
	if !c.Registry {
		config.Networking.DisableDefaultCNI = true
	}
	// From 1.35 on, kubelets start on machines with cgroups v1 only if this is set.
	config.KubeadmConfigPatches = []string{"kind: KubeletConfiguration\nfailCgroupV1: false\n"}
	// The folder in which nodes look up how to reach a registry, as in kind's guides.
	config.ContainerdConfigPatches = []string{"[plugins.\"io.containerd.grpc.v1.cri\".registry]\n  config_path = \"/etc/containerd/certs.d\"\n"}
	if !engine.MayRaiseLimits() {
		config.ContainerdConfigPatches = append(config.ContainerdConfigPatches, "[plugins.\"io.containerd.grpc.v1.cri\"]\n  restrict_oom_score_adj = true\n")
	}
	return config, nil
}
