package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// A node reaches the pods of every other node by that node's address.
func TestPodNetwork(t *testing.T) {
	t.Parallel()
	type node struct {
		name            string
		pods, addresses []string
	}
	for name, c := range map[string]struct {
		nodes    []node
		expected string
	}{
		"ipv4": {[]node{
			{"control-plane", []string{"10.244.0.0/24"}, []string{"172.18.0.4"}},
			{"worker", []string{"10.244.1.0/24"}, []string{"172.18.0.2"}},
			{"worker2", []string{"10.244.2.0/24"}, []string{"172.18.0.3"}},
		}, `POD_CIDRS="10.244.1.0/24"
CLUSTER_CIDRS="10.244.0.0/16 fd00:10:244::/56"
ROUTES="10.244.0.0/24=172.18.0.4 10.244.2.0/24=172.18.0.3"
`},
		"dual": {[]node{
			{"control-plane", []string{"10.244.0.0/24", "fd00:10:244::/64"}, []string{"172.18.0.4", "fc00::4"}},
			{"worker", []string{"10.244.1.0/24", "fd00:10:244:1::/64"}, []string{"172.18.0.2", "fc00::2"}},
		}, `POD_CIDRS="10.244.1.0/24 fd00:10:244:1::/64"
CLUSTER_CIDRS="10.244.0.0/16 fd00:10:244::/56"
ROUTES="10.244.0.0/24=172.18.0.4 fd00:10:244::/64=fc00::4"
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var known []corev1.Node
			for _, n := range c.nodes {
				addresses := []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: n.name}}
				for _, address := range n.addresses {
					addresses = append(addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: address})
				}
				known = append(known, corev1.Node{
					ObjectMeta: metav1.ObjectMeta{Name: n.name},
					Spec:       corev1.NodeSpec{PodCIDRs: n.pods},
					Status:     corev1.NodeStatus{Addresses: addresses},
				})
			}
			assert.Equal(t, c.expected, podNetwork("worker", known))
		})
	}
}

// The family of a cluster is that of its pods.
func TestFamily(t *testing.T) {
	t.Parallel()
	for expected, podCIDRs := range map[v1alpha4.ClusterIPFamily][]string{
		v1alpha4.IPv4Family:      {"10.244.0.0/24"},
		v1alpha4.IPv6Family:      {"fd00:10:244::/64"},
		v1alpha4.DualStackFamily: {"10.244.0.0/24", "fd00:10:244::/64"},
	} {
		assert.Equal(t, expected, familyOf(podCIDRs))
	}
}
