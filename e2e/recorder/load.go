package recorder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/e2e/images"
	"agentcube-mtls/e2e/observed"
	"agentcube-mtls/e2e/verify"
)

// runtime is the AgentRuntime of the load's session.
const runtime = "under-load"

// controlPlane labels the node on which the load generator and its sandbox run: no scenario restarts it.
const controlPlane = "node-role.kubernetes.io/control-plane"

// rate is how often each container of the load generator sends, in requests a second.
const rate = "10"

// The containers of the load generator.
const (
	// calls invokes an unknown runtime: the 404 of the WorkloadManager is the answer to a request that went all the way there, and costs
	// no sandbox.
	calls   = "calls"
	session = "session"
)

func (r *Recorder) startLoad(ctx context.Context) error {
	agent := verify.AgentRuntime(r.release.Namespace, runtime)
	for path, value := range map[string]any{
		"sessionTimeout": "2h", "maxSessionDuration": "2h",
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
	router, err := r.release.CoreV1().Services(r.release.Namespace).Get(ctx, "agentcube-router", metav1.GetOptions{})
	if err != nil {
		return err
	}
	// By its address, so that the cluster's name service, which a scenario may break, fails no request.
	url := fmt.Sprintf("http://%s:%d", router.Spec.ClusterIP, router.Spec.Ports[0].Port)
	pod, err := r.release.CoreV1().Pods(r.release.Namespace).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "load-"},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			NodeSelector:  map[string]string{controlPlane: ""},
			Tolerations:   []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{
				r.generator(url, calls, "nobody", "-expect", "404"),
				r.generator(url, session, runtime, "-session"),
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("starting the load generator: %w", err)
	}
	r.load = pod.Name
	return nil
}

func (r *Recorder) generator(router, name, runtime string, args ...string) corev1.Container {
	url := fmt.Sprintf("%s/v1/namespaces/%s/agent-runtimes/%s/invocations/load", router, r.release.Namespace, runtime)
	return corev1.Container{Name: name, Image: images.Load, Args: append([]string{"-url", url, "-rate", rate}, args...)}
}

// stopLoad removes what startLoad has made, however far that came.
func (r *Recorder) stopLoad(ctx context.Context) error {
	err := client.IgnoreNotFound(r.release.Objects.Delete(ctx, verify.AgentRuntime(r.release.Namespace, runtime)))
	if r.load != "" {
		now := int64(0)
		err = errors.Join(err, r.release.CoreV1().Pods(r.release.Namespace).Delete(ctx, r.load, metav1.DeleteOptions{GracePeriodSeconds: &now}))
	}
	return err
}

// Requests returns all requests that have been answered, in the order in which they were sent.
func (r *Recorder) Requests(ctx context.Context) ([]observed.Request, error) {
	var requests []observed.Request
	for _, container := range []string{calls, session} {
		output, err := r.release.Logs(ctx, r.release.Namespace, r.load, container)
		if err != nil {
			return nil, fmt.Errorf("reading the record of the load: %w", err)
		}
		for line := range bytes.Lines([]byte(output)) {
			var request observed.Request
			if err := json.Unmarshal(line, &request); err != nil {
				return nil, fmt.Errorf("reading the record of the load, %q: %w", line, err)
			}
			requests = append(requests, request)
		}
	}
	slices.SortFunc(requests, func(a, b observed.Request) int { return a.Sent.Compare(b.Sent) })
	return requests, nil
}
