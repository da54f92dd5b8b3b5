package release

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"agentcube-mtls/e2e/platform/images"
)

// Example is the AgentRuntime that is left in the cluster for the user to invoke.
const Example = "hello"

// AgentInvoked invokes an AgentRuntime through the Router, and so checks the whole path: Router,
// WorkloadManager, sandbox.
func (r Release) AgentInvoked(ctx context.Context) (string, error) {
	if err := r.Apply(ctx, AgentRuntime(r.Namespace, Example)); err != nil {
		return "", err
	}
	answer, err := r.Invoke(ctx, Example, "greet")
	if err != nil {
		return "", err
	}
	if answer.Status != http.StatusOK {
		return "", fmt.Errorf("the invocation was answered with %d: %s", answer.Status, answer.Body)
	}
	return fmt.Sprintf("%d from its sandbox, AgentRuntime %s", answer.Status, Example), nil
}

// AgentRuntime returns an AgentRuntime whose agent answers every request with what it was asked.
func AgentRuntime(namespace, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "runtime.agentcube.volcano.sh/v1alpha1",
		"kind":       "AgentRuntime",
		"metadata":   map[string]any{"name": name, "namespace": namespace},
		"spec": map[string]any{
			"sessionTimeout":     "2m",
			"maxSessionDuration": "10m",
			"targetPort":         []any{map[string]any{"name": "http", "pathPrefix": "/", "port": int64(8080), "protocol": "HTTP"}},
			"podTemplate": map[string]any{"spec": map[string]any{
				"containers": []any{map[string]any{
					"name": "agent", "image": images.Agent, "imagePullPolicy": "IfNotPresent",
					// Without a request for CPU it would get only what no other pod of its node
					// uses.
					"resources": map[string]any{"requests": map[string]any{"cpu": "50m"}},
					// What Pod Security's level restricted asks for
					"securityContext": map[string]any{
						"allowPrivilegeEscalation": false, "runAsNonRoot": true, "capabilities": map[string]any{"drop": []any{"ALL"}},
						"seccompProfile": map[string]any{"type": "RuntimeDefault"},
					},
				}},
			}},
		},
	}}
}

// Answer is what came back through the Router.
type Answer struct {
	Status int
	Body   string
}

// Invoke has the Router invoke an AgentRuntime in the namespace of the release, by way of the API
// server's proxy. The path has no leading slash.
func (r Release) Invoke(ctx context.Context, runtime, path string) (Answer, error) {
	var status int
	result := r.CoreV1().RESTClient().Get().Namespace(r.Namespace).Resource("services").Name("agentcube-router:http").SubResource("proxy").
		Suffix("v1/namespaces", r.Namespace, "agent-runtimes", runtime, "invocations", path).Do(ctx).StatusCode(&status)
	body, err := result.Raw()
	var answered apierrors.APIStatus
	if status != 0 && errors.As(err, &answered) {
		err = nil
	}
	return Answer{Status: status, Body: string(body)}, err
}
