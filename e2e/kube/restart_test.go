package kube_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/controller-runtime/pkg/client"
	objects "sigs.k8s.io/controller-runtime/pkg/client/fake"

	"agentcube-mtls/e2e/kube"
)

// The workloads that pods belong to are restarted, and no other.
func TestRestart(t *testing.T) {
	t.Parallel()
	meta := func(name string, owner metav1.ObjectMeta, kind string) metav1.ObjectMeta {
		made := metav1.ObjectMeta{Namespace: "agentcube", Name: name, UID: types.UID(name)}
		if kind != "" {
			made.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: owner.Name, UID: owner.UID, Controller: new(true)}}
		}
		return made
	}
	none := metav1.ObjectMeta{}
	router, manager := &appsv1.Deployment{ObjectMeta: meta("router", none, "")}, &appsv1.Deployment{ObjectMeta: meta("manager", none, "")}
	server, agent := &appsv1.StatefulSet{ObjectMeta: meta("server", none, "")}, &appsv1.DaemonSet{ObjectMeta: meta("agent", none, "")}
	routers := &appsv1.ReplicaSet{ObjectMeta: meta("routers", router.ObjectMeta, "Deployment")}
	c := &kube.Client{Interface: fake.NewClientset(routers), Objects: objects.NewClientBuilder().WithObjects(router, manager, server, agent).Build()}

	require.NoError(t, c.Restart(t.Context(), []corev1.Pod{
		{ObjectMeta: meta("router-a", routers.ObjectMeta, "ReplicaSet")},
		{ObjectMeta: meta("router-b", routers.ObjectMeta, "ReplicaSet")},
		{ObjectMeta: meta("server-0", server.ObjectMeta, "StatefulSet")},
		{ObjectMeta: meta("hello", none, "Sandbox")},
		{ObjectMeta: meta("alone", none, "")},
	}))
	for _, workload := range []client.Object{router, manager, server, agent} {
		require.NoError(t, c.Objects.Get(t.Context(), client.ObjectKeyFromObject(workload), workload))
	}
	const restarted = "kubectl.kubernetes.io/restartedAt"
	assert.Contains(t, router.Spec.Template.Annotations, restarted)
	assert.Contains(t, server.Spec.Template.Annotations, restarted)
	assert.NotContains(t, manager.Spec.Template.Annotations, restarted)
	assert.NotContains(t, agent.Spec.Template.Annotations, restarted)
}
