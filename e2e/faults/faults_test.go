package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"agentcube-mtls/e2e/kube"
)

// Only pending requests of the node are approved.
func TestApproval(t *testing.T) {
	t.Parallel()
	request := func(name, user string, conditions ...certificatesv1.CertificateSigningRequestCondition) *certificatesv1.CertificateSigningRequest {
		return &certificatesv1.CertificateSigningRequest{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       certificatesv1.CertificateSigningRequestSpec{SignerName: certificatesv1.KubeletServingSignerName, Username: user},
			Status:     certificatesv1.CertificateSigningRequestStatus{Conditions: conditions},
		}
	}
	const node = "system:node:a"
	denied := certificatesv1.CertificateSigningRequestCondition{Type: certificatesv1.CertificateDenied, Status: corev1.ConditionTrue}
	client := &kube.Client{Interface: fake.NewClientset(
		request("pending", node), request("denied", node, denied), request("another-node", "system:node:b"))}
	require.NoError(t, approve(t.Context(), client, node))

	all, err := client.CertificatesV1().CertificateSigningRequests().List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	conditions := map[string][]certificatesv1.RequestConditionType{}
	for _, request := range all.Items {
		conditions[request.Name] = nil
		for _, condition := range request.Status.Conditions {
			conditions[request.Name] = append(conditions[request.Name], condition.Type)
		}
	}
	assert.Equal(t, map[string][]certificatesv1.RequestConditionType{
		"pending": {certificatesv1.CertificateApproved}, "denied": {certificatesv1.CertificateDenied}, "another-node": nil,
	}, conditions)
}

func TestStatusOfAnyContainer(t *testing.T) {
	t.Parallel()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "router-1"}, Status: corev1.PodStatus{
		InitContainerStatuses: []corev1.ContainerStatus{{Name: "spiffe-helper", RestartCount: 1}},
		ContainerStatuses:     []corev1.ContainerStatus{{Name: "router", RestartCount: 2}},
	}}
	for name, restarts := range map[string]int32{"spiffe-helper": 1, "router": 2} {
		found, err := status(pod, name)
		require.NoError(t, err)
		assert.Equal(t, restarts, found.RestartCount)
	}
	_, err := status(pod, "other")
	require.EqualError(t, err, "pod router-1 has no container other")
}
