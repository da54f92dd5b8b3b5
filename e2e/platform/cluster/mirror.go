package cluster

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/internal/command"
)

// useMirror makes the nodes pull from the mirror, if there is one, what they would pull from the
// registries that it mirrors.
func (c *Cluster) useMirror(ctx context.Context, present []nodes.Node) error {
	mirror := images.Mirror()
	if mirror == "" {
		return nil
	}
	for _, node := range present {
		gateway, err := command.New("docker", "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}", node.String()).Output(ctx)
		if err != nil {
			return err
		}
		for registry := range images.Registries {
			if err := nodeutils.WriteFile(node, "/etc/containerd/certs.d/"+registry+"/hosts.toml", hosts(mirror, gateway)); err != nil {
				return fmt.Errorf("naming the mirror to node %s: %w", node, err)
			}
		}
	}
	return nil
}

// hosts returns containerd's configuration of a registry that has a mirror. Like the engine, nodes
// expect TLS of any mirror but one on this machine, which to a node is the gateway of its network.
func hosts(mirror, gateway string) string {
	address := url.URL{Scheme: "https", Host: mirror}
	if host := address.Hostname(); host == "localhost" || net.ParseIP(host).IsLoopback() {
		address = url.URL{Scheme: "http", Host: net.JoinHostPort(gateway, address.Port())}
	}
	return fmt.Sprintf("[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", &address)
}
