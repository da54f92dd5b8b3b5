package apiserver_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/internal/repo"
)

// TestRightsThatInstallersNeed installs and switches the chart as a user who has all rights in the
// namespace and, outside of it, only those of the ClusterRole in docs/operations.md.
func TestRightsThatInstallersNeed(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := release{t: t, name: "rights", namespace: "rights", user: "installer"}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: agentcube.namespace}}
	_, err := client(t).CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{})
	require.NoError(t, err)
	installer := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: agentcube.user}}
	rbac := client(t).RbacV1()
	_, err = rbac.RoleBindings(agentcube.namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "installer"}, Subjects: installer,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	const store = `redis: {addr: "redis:6379"}`
	require.ErrorContains(t, agentcube.install(base, store), "forbidden", "the chart has ClusterRoles")
	role := installerRole(t)
	_, err = rbac.ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = rbac.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name}, Subjects: installer,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
	}, metav1.CreateOptions{})
	require.NoError(t, err)

	require.NoError(t, agentcube.uninstall())
	require.NoError(t, agentcube.install(base, store))
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"))
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: false}"))
	require.NoError(t, agentcube.uninstall())
}

// installerRole is the ClusterRole in docs/operations.md.
func installerRole(t *testing.T) *rbacv1.ClusterRole {
	t.Helper()
	page, err := os.ReadFile(repo.Path("docs", "operations.md"))
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```yaml\n(apiVersion: rbac[^`]*name: agentcube-installer\n.*?)```").FindSubmatch(page)
	require.NotNil(t, block, "docs/operations.md has a ClusterRole agentcube-installer")
	var role rbacv1.ClusterRole
	require.NoError(t, yaml.UnmarshalStrict(block[1], &role))
	return &role
}
