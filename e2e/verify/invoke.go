package verify

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"agentcube-mtls/e2e/images"
)

// Example is the AgentRuntime that is left in the cluster for the user to invoke.
const Example = "hello"

// AgentInvoked invokes an AgentRuntime through the Router, which takes the whole way: Router, WorkloadManager, sandbox.
func (r Release) AgentInvoked(ctx context.Context) (string, error) {
	if err := r.Apply(ctx, AgentRuntime(r.Namespace, Example)); err != nil {
		return "", err
	}
	answer, err := r.Invoke(ctx, Invocation{Kind: "agent-runtimes", Runtime: Example, Path: "greet"})
	if err != nil {
		return "", err
	}
	if answer.Status != http.StatusOK {
		return "", fmt.Errorf("the invocation came back as %d: %s", answer.Status, answer.Body)
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
					// Without a request it would get only what no other pod of its node wants.
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

// Invocation is a request to an agent or a code interpreter in the namespace of the release.
type Invocation struct {
	Kind    string // agent-runtimes or code-interpreters
	Runtime string
	Path    string // without a leading slash
	Body    string // empty: GET, else POST
}

// Answer is what came back through the Router.
type Answer struct {
	Status int
	Body   string
}

// Invoke sends an invocation to the Router, by way of the API server's proxy.
func (r Release) Invoke(ctx context.Context, i Invocation) (Answer, error) {
	verb := http.MethodGet
	if i.Body != "" {
		verb = http.MethodPost
	}
	request := r.CoreV1().RESTClient().Verb(verb).Namespace(r.Namespace).Resource("services").Name("agentcube-router:http").SubResource("proxy").
		Suffix("v1/namespaces", r.Namespace, i.Kind, i.Runtime, "invocations", i.Path)
	if i.Body != "" {
		request = request.SetHeader("Content-Type", "application/json").Body([]byte(i.Body))
	}
	var status int
	result := request.Do(ctx).StatusCode(&status)
	body, err := result.Raw()
	var answered apierrors.APIStatus
	if status != 0 && errors.As(err, &answered) {
		err = nil
	}
	return Answer{Status: status, Body: string(body)}, err
}
