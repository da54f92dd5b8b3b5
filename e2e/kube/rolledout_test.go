package kube_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"

	"agentcube-mtls/e2e/kube"
)

// A namespace is rolled out when its workloads and each pod that stays say so.
func TestRolledOut(t *testing.T) {
	t.Parallel()
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "agentcube", Name: name} }
	pod := func(name string, ready corev1.ConditionStatus, phase corev1.PodPhase) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: meta(name), Status: corev1.PodStatus{
			Phase: phase, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}},
		}}
	}
	deployment := func(available int32) *appsv1.Deployment {
		return &appsv1.Deployment{
			ObjectMeta: meta("router"), Spec: appsv1.DeploymentSpec{Replicas: ptr.To[int32](2)},
			Status: appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: available},
		}
	}
	ready, tested := pod("ready", corev1.ConditionTrue, corev1.PodRunning), pod("tested", corev1.ConditionFalse, corev1.PodSucceeded)
	fresh, draining := pod("fresh", corev1.ConditionFalse, corev1.PodPending), pod("draining", corev1.ConditionFalse, corev1.PodRunning)
	draining.DeletionTimestamp = new(metav1.Now())
	sandbox := pod("sandbox", corev1.ConditionFalse, corev1.PodPending)
	sandbox.OwnerReferences = []metav1.OwnerReference{{APIVersion: "agents.x-k8s.io/v1alpha1", Kind: "Sandbox", Name: "sandbox", Controller: new(true)}}

	rolledOut := func(d *appsv1.Deployment, pods ...*corev1.Pod) error {
		cluster := fake.NewClientset(d)
		for _, p := range pods {
			require.NoError(t, cluster.Tracker().Add(p))
		}
		return (&kube.Client{Interface: cluster}).RolledOut(t.Context(), "agentcube")
	}
	require.NoError(t, rolledOut(deployment(2), ready, tested, draining, sandbox))
	require.EqualError(t, rolledOut(deployment(2), ready, fresh), "Pod fresh: not ready", "the status of the Deployment is older than its pods")
	fresh.Status.InitContainerStatuses = []corev1.ContainerStatus{{
		Name: "spiffe-helper", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
	}}
	require.EqualError(t, rolledOut(deployment(2), ready, fresh), "Pod fresh: not ready; fresh/spiffe-helper: runs, but is not ready")
	assert.EqualError(t, rolledOut(deployment(1), ready), "Deployment router: 2 pods are wanted, there are (updated, ready, in all) [2 1 2]")
}
