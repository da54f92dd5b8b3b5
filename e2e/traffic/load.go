package traffic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/release"
)

// runtime is the AgentRuntime of the load's session; unknown is one that there is not.
const (
	runtime = "under-load"
	unknown = "nobody"
)

// controlPlane labels the node on which the load generator and its sandbox run: no scenario
// restarts it.
const controlPlane = "node-role.kubernetes.io/control-plane"

// rate is how often each container of the load generator sends, in requests a second.
const rate = "5"

// The containers of the load generator.
const (
	// calls invokes an unknown runtime: the 404 of the WorkloadManager, which names it, is the
	// answer to a request that went all the way there, and costs no sandbox.
	calls   = "calls"
	session = "session"
)

// startLoad starts the load generator, and follows what it prints until watching ends.
func (r *Recorder) startLoad(ctx, watching context.Context) error {
	agent := release.AgentRuntime(r.release.Namespace, runtime)
	for path, value := range map[string]any{
		"sessionTimeout": "24h", "maxSessionDuration": "24h",
		"podTemplate.spec.nodeSelector": map[string]any{controlPlane: ""},
		"podTemplate.spec.tolerations":  []any{map[string]any{"operator": "Exists"}},
	} {
		if err := unstructured.SetNestedField(agent.Object, value, append([]string{"spec"}, strings.Split(path, ".")...)...); err != nil {
			return err
		}
	}
	if err := r.release.Apply(ctx, agent); err != nil {
		return err
	}
	service, err := r.release.CoreV1().Services(r.release.Namespace).Get(ctx, router, metav1.GetOptions{})
	if err != nil {
		return err
	}
	// By its address, so that the cluster's name service, which a scenario may break, fails no
	// request.
	url := fmt.Sprintf("http://%s:%d", service.Spec.ClusterIP, service.Spec.Ports[0].Port)
	pod, err := r.release.CoreV1().Pods(r.release.Namespace).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "load-"},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			NodeSelector:  map[string]string{controlPlane: ""},
			Tolerations:   []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{
				r.generator(url, calls, unknown, "-expect", "404", "-expect-body", unknown),
				r.generator(url, session, runtime, "-session"),
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("starting the load generator: %w", err)
	}
	r.load = pod.Name
	for container := range r.requests {
		r.working.Go(func() { r.followLoad(watching, container) })
	}
	return nil
}

// generator asks for processors, so that what is measured is the release, and not the generator
// that waits for a turn.
func (r *Recorder) generator(url, name, runtime string, args ...string) corev1.Container {
	url = fmt.Sprintf("%s/v1/namespaces/%s/agent-runtimes/%s/invocations/load", url, r.release.Namespace, runtime)
	return corev1.Container{
		Name: name, Image: images.Load, Args: append([]string{"-url", url, "-rate", rate}, args...),
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m")}},
		// What Pod Security's level restricted asks for
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), RunAsNonRoot: new(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
}

// stopLoad removes what startLoad has made, however far that came, and the session's sandbox.
func (r *Recorder) stopLoad(ctx context.Context) error {
	sandbox := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "agents.x-k8s.io/v1alpha1", "kind": "Sandbox"}}
	err := errors.Join(
		client.IgnoreNotFound(r.release.Objects.Delete(ctx, release.AgentRuntime(r.release.Namespace, runtime))),
		r.release.Objects.DeleteAllOf(ctx, sandbox, client.InNamespace(r.release.Namespace),
			client.MatchingLabels{"runtime.agentcube.io/workload-name": runtime}),
	)
	if r.load != "" {
		now := int64(0)
		err = errors.Join(err, r.release.CoreV1().Pods(r.release.Namespace).Delete(ctx, r.load, metav1.DeleteOptions{GracePeriodSeconds: &now}))
	}
	return err
}

// followLoad reads what a container of the load generator prints until the context ends.
func (r *Recorder) followLoad(ctx context.Context, container string) {
	for wait := time.NewTicker(time.Second); ; {
		// Read again from the start where the container was not there yet, or the API server was
		// away meanwhile.
		r.readLines(ctx, r.load, container, func(line []byte) { r.noteRequest(container, line) })
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
	}
}

func (r *Recorder) noteRequest(container string, line []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var request record.Request
	if json.Unmarshal(line, &request) != nil {
		r.complaint = string(line)
		return
	}
	r.requests[container][request.Number] = request
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
		for container, records := range r.requests {
			for number := 0; ; number++ {
				request, answered := records[number]
				if !answered {
					return fmt.Errorf("no record of request %d of %s; the load generator's last other word: %q", number, container, r.complaint)
				}
				if !request.Sent.Before(moment) {
					break
				}
			}
		}
		return nil
	})
}
