package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/e2e/images"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/observed"
)

// Strangers tries to reach the WorkloadManager from a pod of another namespace, in every way that a stranger has, and returns
// what became of each. The pod has a valid SVID of its own, from the same SPIRE.
func (r Release) Strangers(ctx context.Context) (_ []observed.Refusal, err error) {
	routers, err := r.pods(ctx, routerApp)
	if err != nil {
		return nil, err
	}
	mtls, plain, err := r.addresses(ctx, routers[0])
	if err != nil {
		return nil, err
	}
	expected, err := r.Expected(ctx)
	if err != nil {
		return nil, err
	}
	namespace, err := r.CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "strangers-"}}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	identity := r.strangersIdentity(namespace.Name)
	defer func() {
		// What was tried is tidied up even when the user interrupts the trial.
		ctx := context.WithoutCancel(ctx)
		_ = r.Objects.Delete(ctx, identity)
		_ = r.CoreV1().Namespaces().Delete(ctx, namespace.Name, metav1.DeleteOptions{})
	}()
	if err := r.classify(ctx, identity); err != nil {
		return nil, err
	}
	if err := r.Apply(ctx, identity); err != nil {
		return nil, err
	}
	pod, err := r.strangersPod(ctx, namespace.Name, mtls, plain, expected.Router)
	if err != nil {
		return nil, err
	}
	return r.reports(ctx, pod)
}

func (r Release) describeStrangers(ctx context.Context) (string, error) {
	refusals, err := r.Strangers(ctx)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, refusal := range refusals {
		if !refusal.Refused {
			return "", fmt.Errorf("%s was not refused: %s", refusal.Stranger, refusal.How)
		}
		lines = append(lines, refusal.Stranger)
	}
	return strings.Join(lines, "\n"), nil
}

// strangersIdentity returns the ClusterSPIFFEID that registers the stranger's pod.
func (r Release) strangersIdentity(namespace string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "spire.spiffe.io/v1alpha1",
		"kind":       "ClusterSPIFFEID",
		"metadata":   map[string]any{"name": namespace},
		"spec": map[string]any{
			"spiffeIDTemplate":  "spiffe://{{ .TrustDomain }}/ns/{{ .PodMeta.Namespace }}/sa/{{ .PodSpec.ServiceAccountName }}",
			"namespaceSelector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": namespace}},
		},
	}}
}

// classify gives an identity to the controller manager that serves the release.
func (r Release) classify(ctx context.Context, identity *unstructured.Unstructured) error {
	routers := &unstructured.Unstructured{}
	routers.SetGroupVersionKind(schema.GroupVersionKind{Group: "spire.spiffe.io", Version: "v1alpha1", Kind: "ClusterSPIFFEID"})
	if err := r.Objects.Get(ctx, client.ObjectKey{Name: r.Name + "-agentcube-router"}, routers); err != nil {
		return err
	}
	class, _, err := unstructured.NestedString(routers.Object, "spec", "className")
	if err != nil {
		return err
	}
	return unstructured.SetNestedField(identity.Object, class, "spec", "className")
}

func (r Release) strangersPod(ctx context.Context, namespace, mtls, plain, pretend string) (*corev1.Pod, error) {
	agents, err := r.AppsV1().DaemonSets(r.Namespace).Get(ctx, "spire-agent", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	var socketDir *corev1.HostPathVolumeSource
	for _, volume := range agents.Spec.Template.Spec.Volumes {
		if volume.HostPath != nil && strings.Contains(volume.HostPath.Path, "socket") {
			socketDir = volume.HostPath
		}
	}
	if socketDir == nil {
		return nil, fmt.Errorf("the DaemonSet spire-agent mounts no directory of the node for its socket")
	}
	const mount = "/run/spire/agent-sockets"
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "stranger", Namespace: namespace},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			Containers: []corev1.Container{{
				Name:  "probe",
				Image: images.Probe,
				Args: []string{"strangers", "-target", mtls, "-plain", plain, "-pretend", pretend,
					"-socket", "unix://" + mount + "/spire-agent.sock"},
				VolumeMounts: []corev1.VolumeMount{{Name: "spire-agent-socket", MountPath: mount, ReadOnly: true}},
			}},
			Volumes: []corev1.Volume{{Name: "spire-agent-socket", VolumeSource: corev1.VolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: socketDir.Path},
			}}},
		},
	}
	return pod, kube.Eventually(ctx, "the stranger's pod to be accepted", func(ctx context.Context) error {
		// A new namespace has no default account for a moment, and refuses pods until then.
		_, err := r.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return err
	})
}

// reports waits for the probe to end and returns what it printed.
func (r Release) reports(ctx context.Context, pod *corev1.Pod) ([]observed.Refusal, error) {
	err := kube.Eventually(ctx, "the stranger's attempts to end", func(ctx context.Context) error {
		current, err := r.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if phase := current.Status.Phase; phase != corev1.PodSucceeded && phase != corev1.PodFailed {
			return fmt.Errorf("its pod is %s", phase)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	output, err := r.Logs(ctx, pod.Namespace, pod.Name, "probe")
	if err != nil {
		return nil, err
	}
	var refusals []observed.Refusal
	for line := range bytes.Lines([]byte(output)) {
		var refusal observed.Refusal
		if err := json.Unmarshal(line, &refusal); err != nil {
			return nil, fmt.Errorf("reading what the stranger's probe printed: %w\n%s", err, output)
		}
		refusals = append(refusals, refusal)
	}
	if len(refusals) == 0 {
		return nil, fmt.Errorf("the stranger's probe printed nothing")
	}
	return refusals, nil
}
