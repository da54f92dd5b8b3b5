package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestANodeReachesThePodsOfEveryOtherNodeByThatNodesAddress(t *testing.T) {
	t.Parallel()
	var known []corev1.Node
	for _, n := range []struct{ name, pods, address string }{
		{"control-plane", "10.244.0.0/24", "172.18.0.4"},
		{"worker", "10.244.1.0/24", "172.18.0.2"},
		{"worker2", "10.244.2.0/24", "172.18.0.3"},
	} {
		known = append(known, corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: n.name},
			Spec:       corev1.NodeSpec{PodCIDR: n.pods},
			Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeHostName, Address: n.name}, {Type: corev1.NodeInternalIP, Address: n.address},
			}},
		})
	}
	assert.Equal(t, `POD_CIDR=10.244.1.0/24
CLUSTER_CIDR=10.244.0.0/16
ROUTES="10.244.0.0/24=172.18.0.4 10.244.2.0/24=172.18.0.3"
`, podNetwork("worker", known))
}
