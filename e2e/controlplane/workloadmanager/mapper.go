package workloadmanager

import (
	"net/http"
	"strings"

	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	extensionsv1alpha1 "sigs.k8s.io/agent-sandbox/extensions/api/v1alpha1"
)

// mapper knows the resources that the WorkloadManager works with, so that it asks no API server for
// them: one that is away for a moment ends nothing, since informers try again.
func mapper(*rest.Config, *http.Client) (meta.RESTMapper, error) {
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, r := range []struct {
		group     schema.GroupVersion
		kind      string
		resources string
		scope     meta.RESTScope
	}{
		{runtimev1alpha1.GroupVersion, "AgentRuntime", "agentruntimes", meta.RESTScopeNamespace},
		{runtimev1alpha1.GroupVersion, "CodeInterpreter", "codeinterpreters", meta.RESTScopeNamespace},
		{sandboxv1alpha1.GroupVersion, "Sandbox", "sandboxes", meta.RESTScopeNamespace},
		{extensionsv1alpha1.GroupVersion, "SandboxClaim", "sandboxclaims", meta.RESTScopeNamespace},
		{extensionsv1alpha1.GroupVersion, "SandboxTemplate", "sandboxtemplates", meta.RESTScopeNamespace},
		{extensionsv1alpha1.GroupVersion, "SandboxWarmPool", "sandboxwarmpools", meta.RESTScopeNamespace},
		{corev1.SchemeGroupVersion, "Pod", "pods", meta.RESTScopeNamespace},
		{corev1.SchemeGroupVersion, "Secret", "secrets", meta.RESTScopeNamespace},
		{authenticationv1.SchemeGroupVersion, "TokenReview", "tokenreviews", meta.RESTScopeRoot},
	} {
		mapper.AddSpecific(r.group.WithKind(r.kind), r.group.WithResource(r.resources), r.group.WithResource(strings.ToLower(r.kind)), r.scope)
	}
	return mapper, nil
}
