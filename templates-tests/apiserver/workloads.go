package apiserver

import (
	"context"
	"encoding/json"
	"os/exec"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"agentcube-mtls/internal/components"
)

// workloadControllers make pods of workloads and tell how many of them are ready. No other
// controller runs.
const workloadControllers = "deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller,garbage-collector-controller"

// MissingImage is the tag of images that no node finds: pods with one of these never get ready.
const MissingImage = "none"

// RunWorkloads runs the controllers of workloads, on nodes without a machine, until the context
// ends. A pod is ready once it is there, unless it has an image with the tag MissingImage, or
// belongs to a DaemonSet and its node is not ready. Nodes are named by whether they are ready.
func (s *Server) RunWorkloads(ctx context.Context, nodes map[string]bool) error {
	client, err := kubernetes.NewForConfig(s.Config)
	if err != nil {
		return err
	}
	for name, ready := range nodes {
		if err := createNode(ctx, client, name, ready); err != nil {
			return err
		}
	}
	manager, err := s.program(ctx, components.Kubernetes, "kube-controller-manager")
	if err != nil {
		return err
	}
	run := exec.CommandContext(ctx, manager.path, "--kubeconfig="+s.Kubeconfig, "--controllers="+workloadControllers,
		"--leader-elect=false", "--secure-port=0", "--kube-api-qps=500", "--kube-api-burst=500", "--concurrent-deployment-syncs=20")
	run.Stdout, run.Stderr = manager.log, manager.log
	if err := run.Start(); err != nil {
		return err
	}
	return actAsKubelets(ctx, client, nodes)
}

func createNode(ctx context.Context, client kubernetes.Interface, name string, ready bool) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"ready": strconv.FormatBool(ready), corev1.LabelOSStable: "linux"}}}
	if !ready {
		node.Spec.Taints = []corev1.Taint{{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule}}
	}
	_, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// actAsKubelets makes pods ready until the context ends.
func actAsKubelets(ctx context.Context, client kubernetes.Interface, nodes map[string]bool) error {
	pending := informers.WithTweakListOptions(func(options *metav1.ListOptions) { options.FieldSelector = "status.phase=Pending" })
	// Each second the handler sees all pending pods again, and tries again what failed. On a busy
	// machine it sees them late, when most are ready and no longer in the store.
	pods := informers.NewSharedInformerFactoryWithOptions(client, time.Second, pending).Core().V1().Pods().Informer()
	run := func(object any) {
		pod, pending, _ := pods.GetStore().Get(object)
		if pending && runs(pod.(*corev1.Pod), nodes) {
			_ = makeReady(ctx, client, pod.(*corev1.Pod))
		}
	}
	_, err := pods.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: run, UpdateFunc: func(_, object any) { run(object) }})
	if err == nil {
		go pods.RunWithContext(ctx)
	}
	return err
}

func runs(pod *corev1.Pod, nodes map[string]bool) bool {
	for _, container := range append(append([]corev1.Container(nil), pod.Spec.InitContainers...), pod.Spec.Containers...) {
		if strings.HasSuffix(container.Image, ":"+MissingImage) {
			return false
		}
	}
	ready, ofDaemonSet := nodes[daemonSetNode(pod)]
	return ready || !ofDaemonSet
}

// daemonSetNode returns the node for which the DaemonSet controller made a pod; "" for other pods.
func daemonSetNode(pod *corev1.Pod) string {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.NodeAffinity == nil || pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return ""
	}
	for _, term := range pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, field := range term.MatchFields {
			if field.Key == "metadata.name" {
				return field.Values[0]
			}
		}
	}
	return ""
}

func makeReady(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) error {
	status := corev1.PodStatus{Phase: corev1.PodRunning}
	for _, condition := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		status.Conditions = append(status.Conditions, corev1.PodCondition{Type: condition, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()})
	}
	patch, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}
