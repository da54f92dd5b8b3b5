package release

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/record"
)

// UnauthorizedClients tries to reach the WorkloadManager from a pod of another namespace, in every
// way that an unauthorized client has, and returns what became of each. The pod has a valid SVID of
// its own, from the same SPIRE; the arguments say what it has beside that, see Intrude.
func (r Release) UnauthorizedClients(ctx context.Context, args ...string) (_ []record.Refusal, err error) {
	namespace, err := r.CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "unauthorized-"}}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	const app = "client"
	identity := clientIdentity(namespace.Name, app)
	defer func() {
		// Clean up even if the user interrupts.
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
	client, err := r.UnauthorizedClient(ctx, metav1.ObjectMeta{Namespace: namespace.Name, Name: app, Labels: map[string]string{"app": app}}, "default")
	if err != nil {
		return nil, err
	}
	return client.Intrude(ctx, append([]string{"-socket", socketFile}, args...)...)
}

func (r Release) describeUnauthorized(ctx context.Context) (string, error) {
	refusals, err := r.UnauthorizedClients(ctx)
	if err != nil {
		return "", err
	}
	return refused(refusals, r.RefusesOtherWorkloads(ctx))
}

// RefusesOtherWorkloads tells whether the WorkloadManager has to refuse valid SVIDs of workloads
// that the values do not name. This project's has to; of another image its log says whether it
// promises that, which AgentCube's does not.
func (r Release) RefusesOtherWorkloads(ctx context.Context) bool {
	return images.IsOwn("workloadmanager") || r.Logged(ctx, "workloadmanager", "Only these clients are let in") == nil
}

// attempts are the clients that a pod with an SVID of its own pretends to be.
var attempts = []string{
	"plain HTTP to the plain port", "plain HTTP to the mTLS port", "TLS 1.2", "no certificate", "a self-signed certificate",
	"an SVID of another trust domain", record.AnotherWorkload,
}

// refused names the clients that were refused, and fails if one of the attempts was not made. A
// WorkloadManager that does not promise more may let in each certificate of its CA, which is a
// Limit.
func refused(refusals []record.Refusal, promised bool) (string, error) {
	var lines []string
	var limit error
	missing := slices.Clone(attempts)
	for _, refusal := range refusals {
		missing = slices.DeleteFunc(missing, func(attempt string) bool { return attempt == refusal.Client })
		switch {
		case refusal.Refused:
			lines = append(lines, refusal.Client)
		case !promised && refusal.Client == record.AnotherWorkload:
			limit = Limit("this image of the WorkloadManager lets in any workload of the trust domain")
		default:
			return "", fmt.Errorf("%s was not refused: %s", refusal.Client, refusal.How)
		}
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("the unauthorized client did not try these: %s", strings.Join(missing, ", "))
	}
	return strings.Join(lines, "\n"), limit
}

// clientIdentity returns the ClusterSPIFFEID that registers pods of a namespace that have the label
// app.
func clientIdentity(namespace, app string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "spire.spiffe.io/v1alpha1",
		"kind":       "ClusterSPIFFEID",
		"metadata":   map[string]any{"name": namespace},
		"spec": map[string]any{
			"spiffeIDTemplate":  "spiffe://{{ .TrustDomain }}/ns/{{ .PodMeta.Namespace }}/sa/{{ .PodSpec.ServiceAccountName }}",
			"namespaceSelector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": namespace}},
			"podSelector":       map[string]any{"matchLabels": map[string]any{"app": app}},
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
