package cluster

import (
	"context"
	"fmt"

	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
)

// favorPods gives pods more CPU weight than the programs that start and stop containers, and gives
// kube-proxy a share. Every node believes that it owns all processors of the machine, and promises
// them to its pods. While pods come and go on several nodes at once, those that serve would
// otherwise get next to nothing.
func favorPods(ctx context.Context, present []nodes.Node) error {
	for _, node := range present {
		if err := node.CommandContext(ctx, "systemctl", "set-property", "kubelet.slice", "CPUWeight=300").Run(); err != nil {
			return fmt.Errorf("favoring the pods of node %s: %w", node, err)
		}
	}
	controlPlane, err := nodeutils.BootstrapControlPlaneNode(present)
	if err != nil {
		return err
	}
	proxy := controlPlane.CommandContext(ctx, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--namespace", "kube-system",
		"set", "resources", "daemonset/kube-proxy", "--requests", "cpu=100m")
	if err := proxy.Run(); err != nil {
		return fmt.Errorf("giving kube-proxy a share of the processors: %w", err)
	}
	return nil
}
