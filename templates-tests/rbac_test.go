package templatestests

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"agentcube-mtls/templates-tests/chart"
)

// The WorkloadManager reads one secret of its own namespace.
func TestWorkloadManagerSecret(t *testing.T) {
	t.Parallel()
	objects := render(t, plain)

	assert.Equal(t, []rbacv1.PolicyRule{{
		APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"picod-router-identity"}, Verbs: []string{"get"},
	}}, get[*rbacv1.Role](t, objects, "workloadmanager").Rules)
	rules := get[*rbacv1.ClusterRole](t, objects, "agentcube-agentcube-workloadmanager").Rules
	require.NotEmpty(t, rules)
	for _, rule := range rules {
		assert.NotContains(t, rule.Resources, "secrets")
	}
}

// AgentCube's WorkloadManager may do what its own chart lets it do, except on Secrets.
func TestWorkloadManagerRights(t *testing.T) {
	t.Parallel()
	old, err := v010()
	require.NoError(t, err)
	ours := rights(get[*rbacv1.ClusterRole](t, render(t, plain), "agentcube-agentcube-workloadmanager"))
	theirs := rights(get[*rbacv1.ClusterRole](t, renderRelease(t, chart.Release{Chart: old, Values: values(t, plain)}), "workloadmanager"))
	require.Greater(t, len(theirs), 20)
	for _, right := range theirs {
		if !strings.HasPrefix(right, "/secrets ") {
			assert.Contains(t, ours, right)
		}
	}
}

// rights returns the rules of a role one by one, each as group/resource verb.
func rights(role *rbacv1.ClusterRole) []string {
	var all []string
	for _, rule := range role.Rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					all = append(all, group+"/"+resource+" "+verb)
				}
			}
		}
	}
	return all
}

func TestNoRoleHasARightOnEverything(t *testing.T) {
	t.Parallel()
	objects := render(t, spire, "volcano: {scheduler: {enabled: true}}")
	var rules []rbacv1.PolicyRule
	for _, role := range all[*rbacv1.Role](objects) {
		rules = append(rules, role.Rules...)
	}
	for _, role := range all[*rbacv1.ClusterRole](objects) {
		rules = append(rules, role.Rules...)
		for _, rule := range role.Rules {
			assert.NotContains(t, rule.Resources, "secrets", "%s reaches the Secrets of the whole cluster", role.Name)
		}
	}
	require.NotEmpty(t, rules)
	for _, rule := range rules {
		for _, list := range [][]string{rule.APIGroups, rule.Resources, rule.Verbs} {
			assert.NotContains(t, strings.Join(list, " "), "*", "%v", rule)
		}
	}
}

func TestRulesForAnotherImageAreAdded(t *testing.T) {
	t.Parallel()
	const more = `workloadmanager: {rbac: {extraRules: [{apiGroups: [""], resources: [events], verbs: [create, patch]}]}}`
	rules := func(given ...string) []rbacv1.PolicyRule {
		return get[*rbacv1.ClusterRole](t, render(t, append([]string{plain}, given...)...), "agentcube-agentcube-workloadmanager").Rules
	}
	added := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}}
	assert.Equal(t, append(rules(), added), rules(more))
}

// With --enable-auth AgentCube's WorkloadManager creates sandboxes with its caller's token.
func TestRouterRightsWithAuth(t *testing.T) {
	t.Parallel()
	for account, given := range map[string]string{"agentcube-router": "{}", "theirs": "router: {serviceAccountName: theirs}"} {
		objects := render(t, plain, "workloadmanager: {enableAuth: true}", given)
		assert.Contains(t, container(t, get[*appsv1.Deployment](t, objects, "workloadmanager").Spec.Template.Spec, "workloadmanager").Args, "--enable-auth")
		assert.Equal(t, []rbacv1.PolicyRule{
			{APIGroups: []string{"agents.x-k8s.io"}, Resources: []string{"sandboxes"}, Verbs: []string{"create", "delete"}},
			{APIGroups: []string{"extensions.agents.x-k8s.io"}, Resources: []string{"sandboxclaims"}, Verbs: []string{"create", "delete"}},
		}, get[*rbacv1.ClusterRole](t, objects, "agentcube-agentcube-router").Rules)
		binding := get[*rbacv1.ClusterRoleBinding](t, objects, "agentcube-agentcube-router")
		assert.Equal(t, "agentcube-agentcube-router", binding.RoleRef.Name)
		assert.Equal(t, []rbacv1.Subject{{Kind: "ServiceAccount", Name: account, Namespace: "agentcube"}}, binding.Subjects)
	}
	objects := render(t, plain)
	assert.NotContains(t, container(t, get[*appsv1.Deployment](t, objects, "workloadmanager").Spec.Template.Spec, "workloadmanager").Args, "--enable-auth")
	for _, role := range all[*rbacv1.ClusterRole](objects) {
		assert.NotContains(t, role.Name, "router")
	}
}

// The server writes no ConfigMap but that of its bundle.
func TestServerRights(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"spire-bundle"}, Verbs: []string{"get", "list", "patch"}},
		{APIGroups: []string{""}, Resources: []string{"serviceaccounts"}, ResourceNames: []string{"spire-server"}, Verbs: []string{"get"}},
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"create"}},
	}, get[*rbacv1.Role](t, render(t, spire), "spire-server").Rules)
}

// Agents have nodes/proxy only if Kubernetes may lack the narrower nodes/pods.
func TestAgentsRightOnKubelets(t *testing.T) {
	t.Parallel()
	resources := func(kubernetes string) []string {
		objects := renderRelease(t, chart.Release{Values: values(t, spire), Kubernetes: kubernetes})
		return get[*rbacv1.ClusterRole](t, objects, "agentcube-agentcube-spire-agent").Rules[0].Resources
	}
	assert.Equal(t, []string{"nodes/pods", "nodes/proxy"}, resources("v1.35.9"))
	assert.Equal(t, []string{"nodes/pods"}, resources("v1.36.0"))
}

// Releases in one cluster share no cluster-scoped name.
func TestClusterScopedNames(t *testing.T) {
	t.Parallel()
	const both = `{redis: {addr: "a:6379"}, spire: {enabled: true}, volcano: {scheduler: {enabled: true}}}`
	names := func(release, namespace string) []string {
		var found []string
		for _, object := range renderRelease(t, chart.Release{Name: release, Namespace: namespace, Values: values(t, both)}) {
			if object.GetNamespace() == "" {
				found = append(found, chart.Describe(object))
			}
		}
		return found
	}
	first, second := names("one", "first"), names("two", "second")
	assert.Len(t, first, 12)
	for _, name := range first {
		assert.NotContains(t, second, name)
	}
	for _, name := range names("one", "second") {
		if !strings.HasPrefix(name, "ClusterSPIFFEID/") {
			assert.NotContains(t, first, name, "the same release name in another namespace")
		}
	}
}

// The Router runs under an account of its own.
func TestRouterAccount(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]struct {
		account string
		made    bool
	}{
		"{}":                                 {"agentcube-router", true},
		"router: {serviceAccountName: mine}": {"mine", false},
		"router: {serviceAccountName: mine, rbac: {create: true}}": {"mine", true},
	} {
		objects := render(t, spire, given)
		router := get[*appsv1.Deployment](t, objects, "agentcube-router").Spec.Template.Spec
		manager := get[*appsv1.Deployment](t, objects, "workloadmanager").Spec.Template.Spec

		assert.Equal(t, want.account, router.ServiceAccountName, given)
		made := slices.ContainsFunc(all[*corev1.ServiceAccount](objects), func(a *corev1.ServiceAccount) bool { return a.Name == want.account })
		assert.Equal(t, want.made, made, given)
		assert.Equal(t, "spiffe://cluster.local/ns/agentcube/sa/"+want.account,
			env(container(t, manager, "workloadmanager"))["AGENTCUBE_ALLOWED_CLIENT_SPIFFE_IDS"], given)
	}
}
