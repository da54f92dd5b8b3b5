package traffic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/mix"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/release"
)

// controlPlane labels the node on which the load generator and its session's sandbox run: no
// scenario restarts it.
const controlPlane = "node-role.kubernetes.io/control-plane"

// workloadLabel of a sandbox names its AgentRuntime. Its pod has the labels that the AgentRuntime
// gives it.
const (
	workloadLabel = "runtime.agentcube.io/workload-name"
	createdLabel  = "made-under-load"
)

// generator names the load generator's container.
const generator = "load"

// runtimes returns the AgentRuntimes that the load invokes.
func (r *Recorder) runtimes() ([]*unstructured.Unstructured, error) {
	var runtimes []*unstructured.Unstructured
	for name, spec := range map[string]map[string]any{
		mix.Session: {
			"sessionTimeout": "24h", "maxSessionDuration": "24h",
			"podTemplate.spec.nodeSelector": map[string]any{controlPlane: ""},
			"podTemplate.spec.tolerations":  []any{map[string]any{"operator": "Exists"}},
		},
		// As long as a WorkloadManager waits for a sandbox: a shorter one could end it meanwhile.
		mix.Created: {"sessionTimeout": "2m", "podTemplate.labels": map[string]any{createdLabel: "true"}},
	} {
		runtime := release.AgentRuntime(r.release.Namespace, name)
		for path, value := range spec {
			if err := unstructured.SetNestedField(runtime.Object, value, append([]string{"spec"}, strings.Split(path, ".")...)...); err != nil {
				return nil, err
			}
		}
		runtimes = append(runtimes, runtime)
	}
	return runtimes, nil
}

// startLoad starts the load generator, and follows what it prints until watching ends.
func (r *Recorder) startLoad(ctx, watching context.Context) error {
	runtimes, err := r.runtimes()
	if err != nil {
		return err
	}
	if err := r.release.Apply(ctx, runtimes...); err != nil {
		return err
	}
	service, err := r.release.CoreV1().Services(r.release.Namespace).Get(ctx, router, metav1.GetOptions{})
	if err != nil {
		return err
	}
	// By its address, so that the cluster's name service, which a scenario may break, fails no
	// request.
	args := []string{"-router", "http://" + net.JoinHostPort(service.Spec.ClusterIP, strconv.Itoa(int(service.Spec.Ports[0].Port))), "-namespace", r.release.Namespace}
	for _, kind := range r.kinds {
		args = append(args, kind.Name)
	}
	pod, err := r.release.CoreV1().Pods(r.release.Namespace).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "load-"},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			NodeSelector:  map[string]string{controlPlane: ""},
			Tolerations:   []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{{
				Name: generator, Image: images.Load, Args: args,
				// So that the release is measured, and not a generator that waits for the CPU
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}},
				// What Pod Security's level restricted asks for
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: new(false), RunAsNonRoot: new(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
					SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
				},
			}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("starting the load generator: %w", err)
	}
	r.load = pod.Name
	r.working.Go(func() { r.followLoad(watching) })
	return nil
}

// stopLoad removes what startLoad has created, even if it failed halfway, and then the sandboxes: a
// request that is in progress could make one more.
func (r *Recorder) stopLoad(ctx context.Context) error {
	var errs []error
	if r.load != "" {
		now := int64(0)
		errs = append(errs, r.release.CoreV1().Pods(r.release.Namespace).Delete(ctx, r.load, metav1.DeleteOptions{GracePeriodSeconds: &now}))
	}
	sandbox := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "agents.x-k8s.io/v1alpha1", "kind": "Sandbox"}}
	for _, runtime := range []string{mix.Session, mix.Created} {
		errs = append(errs,
			client.IgnoreNotFound(r.release.Objects.Delete(ctx, release.AgentRuntime(r.release.Namespace, runtime))),
			r.release.Objects.DeleteAllOf(ctx, sandbox, client.InNamespace(r.release.Namespace), client.MatchingLabels{workloadLabel: runtime}))
	}
	return errors.Join(errs...)
}

// followLoad reads what the load generator prints until the context ends.
func (r *Recorder) followLoad(ctx context.Context) {
	for wait := time.NewTicker(time.Second); ; {
		// Read again from the start where the container was not there yet, or the API server was
		// unavailable.
		_ = r.readLines(ctx, r.load, &corev1.PodLogOptions{Container: generator, Follow: true}, r.noteRequest)
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
	}
}

func (r *Recorder) noteRequest(line []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var request record.Request
	if json.Unmarshal(line, &request) != nil || r.requests[request.Kind] == nil {
		r.complaint = string(line)
		return
	}
	r.requests[request.Kind][request.Number] = request
}

// Requests returns all requests that have been answered, in the order in which they were sent.
func (r *Recorder) Requests() []record.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	var requests []record.Request
	for _, records := range r.requests {
		requests = slices.AppendSeq(requests, maps.Values(records))
	}
	slices.SortFunc(requests, func(a, b record.Request) int { return a.Sent.Compare(b.Sent) })
	return requests
}

// awaitAnswers waits until every request that was sent before a moment has been answered.
func (r *Recorder) awaitAnswers(ctx context.Context, moment time.Time) error {
	return kube.Eventually(ctx, "all requests to be answered", func(context.Context) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		for kind, records := range r.requests {
			for number := 0; ; number++ {
				request, answered := records[number]
				if !answered {
					return fmt.Errorf("no record of request %d of %s; the load generator's last other output: %q", number, kind, r.complaint)
				}
				if !request.Sent.Before(moment) {
					break
				}
			}
		}
		return nil
	})
}
