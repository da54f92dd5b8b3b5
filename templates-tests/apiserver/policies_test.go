package apiserver_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
)

// These tests create the pods of a render as their controllers do, and see what the admission of an
// API server says. Nothing is stored.

const (
	embedded = `{redis: {embedded: {enabled: true}, password: secret}}`
	existing = `{redis: {embedded: {enabled: true}, password: secret}, spire: {enabled: true, server: {enabled: false}, agent: {enabled: false}}}`
	withCSI  = `{redis: {embedded: {enabled: true}, password: secret}, spire: {enabled: true, server: {enabled: false}, agent: {enabled: false}, workloadAPI: {type: csi}}}`
)

// createNamespace creates a namespace, with labels of Pod Security, in which pods may be created.
func createNamespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	_, err := client(t).CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
	require.NoError(t, err)
	// A controller, which does not run, makes it.
	_, err = client(t).CoreV1().ServiceAccounts(name).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{})
	require.NoError(t, err)
}

// refusedPods returns why the API server refuses pods that the chart renders for a namespace, by
// the names of those that make them, and the names of the pods that it admits.
func refusedPods(t *testing.T, namespace, values string) (refused map[string]string, admitted []string) {
	t.Helper()
	objects, err := chart.Release{Namespace: namespace, Values: parse(t, values)}.Objects()
	require.NoError(t, err)
	refused = map[string]string{}
	for _, object := range objects {
		pod := corev1.Pod{}
		switch o := object.(type) {
		case *appsv1.Deployment:
			pod.ObjectMeta, pod.Spec = o.Spec.Template.ObjectMeta, o.Spec.Template.Spec
		case *appsv1.DaemonSet:
			pod.ObjectMeta, pod.Spec = o.Spec.Template.ObjectMeta, o.Spec.Template.Spec
		case *appsv1.StatefulSet:
			pod.ObjectMeta, pod.Spec = o.Spec.Template.ObjectMeta, o.Spec.Template.Spec
			for _, claim := range o.Spec.VolumeClaimTemplates {
				pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: claim.Name, VolumeSource: corev1.VolumeSource{
					PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name},
				}})
			}
		case *corev1.Pod:
			pod.ObjectMeta, pod.Spec = o.ObjectMeta, o.Spec
		default:
			continue
		}
		pod.Name, pod.Namespace, pod.Spec.ServiceAccountName = object.GetName(), namespace, "default"
		_, err := client(t).CoreV1().Pods(namespace).Create(t.Context(), &pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			refused[pod.Name] = err.Error()
		} else {
			admitted = append(admitted, pod.Name)
		}
	}
	slices.Sort(admitted)
	return refused, admitted
}

func names(refused map[string]string) []string { return slices.Sorted(maps.Keys(refused)) }

func TestPodsAtLevelRestricted(t *testing.T) {
	t.Parallel()
	createNamespace(t, "restricted", map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})

	refused, admitted := refusedPods(t, "restricted", embedded)
	assert.Empty(t, refused)
	assert.Equal(t, []string{"agentcube-redis", "agentcube-router", "agentcube-test", "workloadmanager"}, admitted)
	refused, _ = refusedPods(t, "restricted", withCSI)
	assert.Empty(t, refused)

	refused, admitted = refusedPods(t, "restricted", `{redis: {addr: "redis:6379"}, spire: {enabled: true}}`)
	assert.Equal(t, []string{"agentcube-router", "spire-agent", "workloadmanager"}, names(refused))
	assert.Equal(t, []string{"agentcube-test", "spire-server"}, admitted)
	for name, why := range refused {
		assert.Contains(t, why, "hostPath", name)
	}
}

// TestQuotaAndLimitRange: a ResourceQuota and a LimitRange refuse pods for what a container lacks,
// also one that runs before or beside the program. With the example for both, all are admitted.
func TestQuotaAndLimitRange(t *testing.T) {
	t.Parallel()
	createNamespace(t, "quota", nil)
	hard := corev1.ResourceList{corev1.ResourceLimitsCPU: resource.MustParse("100")}
	quotas := client(t).CoreV1().ResourceQuotas("quota")
	quota, err := quotas.Create(t.Context(), &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "limits"}, Spec: corev1.ResourceQuotaSpec{Hard: hard}}, metav1.CreateOptions{})
	require.NoError(t, err)
	// A controller, which does not run, would begin to count.
	quota.Status = corev1.ResourceQuotaStatus{Hard: hard, Used: corev1.ResourceList{corev1.ResourceLimitsCPU: resource.MustParse("0")}}
	_, err = quotas.UpdateStatus(t.Context(), quota, metav1.UpdateOptions{})
	require.NoError(t, err)

	createNamespace(t, "limit-range", nil)
	least := corev1.LimitRangeItem{Type: corev1.LimitTypeContainer, Min: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}}
	_, err = client(t).CoreV1().LimitRanges("limit-range").Create(t.Context(), &corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Name: "least"}, Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{least}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)

	content, err := os.ReadFile(repo.Path("values", "quota.yaml"))
	require.NoError(t, err)
	example := strings.NewReplacer("  addr: redis.redis.svc.cluster.local:6379\n", "", "  embedded:\n", "  embedded:\n    enabled: true\n", "  scheduler:\n", "  scheduler:\n    enabled: true\n").Replace(string(content))
	every := []string{"agentcube-redis", "agentcube-router", "agentcube-test", "spire-agent", "spire-server", "volcano-agent-scheduler", "workloadmanager"}
	for namespace, says := range map[string]string{"quota": "must specify limits.cpu", "limit-range": "minimum memory usage per Container is 64Mi"} {
		require.Eventually(t, func() bool { // once admission knows of it
			refused, _ := refusedPods(t, namespace, spire)
			return len(refused) == len(every)-2 // the example alone has Redis and the scheduler
		}, time.Minute, 100*time.Millisecond, namespace)
		refused, _ := refusedPods(t, namespace, spire)
		for name, why := range refused {
			assert.Contains(t, why, says, name)
		}
		refused, admitted := refusedPods(t, namespace, example)
		assert.Empty(t, refused)
		assert.Equal(t, every, admitted)
	}
}

// TestPodSecurity: with SPIRE, a namespace that enforces another level than
// privileged is rejected before anything changes.
func TestPodSecurity(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	for _, level := range []string{"baseline", "restricted"} {
		namespace := "podsecurity-" + level
		createNamespace(t, namespace, map[string]string{"pod-security.kubernetes.io/enforce": level})
		agentcube := newRelease(t, namespace, namespace)
		before := objects(t, namespace)
		message := "the label pod-security.kubernetes.io/enforce of the namespace " + namespace + " is " + level + ", and with spire.enabled its pods need host paths, " +
			"which that level forbids: run kubectl label namespace " + namespace + " pod-security.kubernetes.io/enforce=privileged --overwrite"
		require.ErrorContains(t, agentcube.install(base, spire), message)
		require.ErrorContains(t, agentcube.install(base, existing), message+", or, if the existing SPIRE has the SPIFFE CSI driver, set spire.workloadAPI.type to csi")
		assert.Equal(t, before.Written(), objects(t, namespace).Written())

		require.NoError(t, agentcube.install(base, withCSI))
		require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: false}"))
		patch := []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`)
		_, err := client(t).CoreV1().Namespaces().Patch(t.Context(), namespace, "application/merge-patch+json", patch, metav1.PatchOptions{})
		require.NoError(t, err)
		require.NoError(t, agentcube.upgrade(neither, spire))
	}
}
