package apiserver_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/internal/repo"
)

// mainChart stands in for the chart of AgentCube's main.
var mainChart = repo.Path("e2e", "guides", "testdata", "main")

const userOfMain = "redis: {addr: 'redis:6379', password: p}"

// A release of main without SPIRE is upgraded by one command, with SPIRE on or off. Its ServiceAccount
// is the same object all the time, also after a rollback to main's revision.
func TestMainIsUpgradedAndRolledBack(t *testing.T) {
	t.Parallel()
	agentcubesOwn.Lock()
	defer agentcubesOwn.Unlock()
	withSpireCRDs(t)
	for _, set := range []string{"{}", "spire: {enabled: true}"} {
		agentcube := newRelease(t, "main-plain", "main-plain")
		require.NoError(t, agentcube.install(mainChart, userOfMain))
		before := account(t, agentcube, "agentcube-router").UID
		require.NoError(t, agentcube.upgrade(reuseValues, set))
		assert.Equal(t, set != "{}", manager(t, agentcube).MinReadySeconds > 0, "%s: only Routers of the other mode need the old WorkloadManagers", set)
		require.NoError(t, agentcube.upgrade(resetThenReuseValues, "router: {serviceAccountName: agentcube-router}"))
		assert.Equal(t, before, account(t, agentcube, "agentcube-router").UID, "%s: the account stays though no value asks for it", set)
		require.NoError(t, agentcube.rollback(1))
		assert.Equal(t, before, account(t, agentcube, "agentcube-router").UID, set)
		require.NoError(t, agentcube.uninstall())
	}
}

// Each release of AgentCube's is upgraded by one command with nothing else to set, whatever account
// its Router has.
func TestUpgradeOfAgentCube(t *testing.T) {
	t.Parallel()
	agentcubesOwn.Lock()
	defer agentcubesOwn.Unlock()
	withSpireCRDs(t)
	for source, c := range map[string]struct{ chart, router, spire string }{
		"v010":          {chart: v010(t)},
		"main":          {chart: mainChart},
		"main-keycloak": {chart: mainChart, router: "jwt: {issuerUrl: 'https://issuer', roleClaim: roles, requiredRole: user}, "},
		"main-spire":    {chart: mainChart, spire: "enabled: true"},
	} {
		for name, given := range map[string]string{"default": "", "mine": "serviceAccountName: mine", "none": "serviceAccountName: ''"} {
			agentcube := newRelease(t, source+"-"+name, source+"-"+name)
			require.NoError(t, agentcube.install(c.chart, fmt.Sprintf("%s\nrouter: {%s%s}\nspire: {%s}", userOfMain, c.router, given, c.spire)), agentcube.name)
			accounts := client(t).CoreV1().ServiceAccounts(agentcube.namespace)
			if source == "v010" && name == "mine" { // it makes none
				_, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
				require.NoError(t, err)
			}
			before, err := accounts.List(t.Context(), metav1.ListOptions{})
			require.NoError(t, err)
			old := objects(t, agentcube.namespace)

			require.NoError(t, agentcube.upgrade(reuseValues, "{}"), agentcube.name)
			router, want := deployment(t, agentcube.namespace, "agentcube-router").Spec.Template.Spec, "agentcube-router"
			if name == "mine" {
				want = name
			}
			assert.Equal(t, want, router.ServiceAccountName, agentcube.name)
			account(t, agentcube, want)
			asked := slices.Contains(router.Containers[0].Args, "--jwt-issuer-url=https://issuer")
			assert.Equal(t, source == "main-keycloak", asked, "%s: %v", agentcube.name, router.Containers[0].Args)
			_, err = client(t).AppsV1().StatefulSets(agentcube.namespace).Get(t.Context(), "spire-server", metav1.GetOptions{})
			assert.Equal(t, source == "main-spire", err == nil, agentcube.name)
			for _, old := range before.Items {
				assert.Equal(t, old.UID, account(t, agentcube, old.Name).UID, "%s: the account %s stays", agentcube.name, old.Name)
			}
			require.NoError(t, agentcube.rollback(1), agentcube.name)
			assert.Equal(t, old.Meant(), objects(t, agentcube.namespace).Meant(), "%s: a rollback brings all of it back", agentcube.name)
			require.NoError(t, agentcube.uninstall())
		}
	}
}

// An account that the user has created, and main's chart therefore has not, stays the user's.
func TestMainWithAnAccountOfTheUsers(t *testing.T) {
	t.Parallel()
	agentcubesOwn.Lock()
	defer agentcubesOwn.Unlock()
	agentcube := newRelease(t, "main-account", "main-account")
	require.NoError(t, agentcube.install(mainChart, userOfMain+"\nrouter: {serviceAccountName: ''}"))
	_, err := client(t).CoreV1().ServiceAccounts(agentcube.namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "mine"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, agentcube.upgrade(reuseValues, "router: {serviceAccountName: mine}"))
	assert.Empty(t, account(t, agentcube, "mine").Annotations)
}

// A release of main keeps its SPIRE in an upgrade: the server keeps its volume, and with it the CA.
// It can be rolled back, and upgraded again.
func TestUpgradeOfMainWithSPIRE(t *testing.T) {
	t.Parallel()
	agentcubesOwn.Lock()
	defer agentcubesOwn.Unlock()
	withSpireCRDs(t)
	agentcube := newRelease(t, "main-spire", "main-spire")
	require.NoError(t, agentcube.install(mainChart, userOfMain+"\nspire: {enabled: true, agent: {insecureBootstrap: true, skipKubeletVerification: true}}"))
	before := spireServer(t, agentcube)
	require.ErrorContains(t, agentcube.upgrade(reuseValues, "spire: {trustDomain: example.org}"), "spire.trustDomain is cluster.local in the cluster and cannot become example.org")
	require.ErrorContains(t, agentcube.upgrade(reuseValues, `spire: {server: {persistence: {enabled: false}, keyManager: memory,
		dataStore: {type: postgres, connectionString: "host=db user=spire"}}}`), "spire.server.persistence.enabled is true in the cluster and cannot become false")

	for range 2 {
		require.NoError(t, agentcube.upgrade(reuseValues, "{}"))
		server := spireServer(t, agentcube)
		assert.Equal(t, before.UID, server.UID)
		assert.Equal(t, before.Spec.VolumeClaimTemplates, server.Spec.VolumeClaimTemplates)
		assert.Equal(t, "spire-server", server.Spec.ServiceName)
		container := server.Spec.Template.Spec.Containers[0]
		assert.Equal(t, "ghcr.io/spiffe/spire-server:1.13.3", container.Image)
		assert.Contains(t, container.VolumeMounts, corev1.VolumeMount{Name: "spire-data", MountPath: "/run/spire/data"})
		security := server.Spec.Template.Spec.SecurityContext
		assert.Equal(t, []int64{1000, 1000, 1000}, []int64{*security.RunAsUser, *security.RunAsGroup, *security.FSGroup}, "who may read the volume")
		assert.Equal(t, int32(150), manager(t, agentcube).MinReadySeconds, "main's WorkloadManagers do not drain")

		require.NoError(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"))
		assert.Equal(t, server.Spec.Template, spireServer(t, agentcube).Spec.Template)
		assert.Zero(t, manager(t, agentcube).MinReadySeconds, "this chart's WorkloadManagers drain")

		require.NoError(t, agentcube.rollback(1))
		assert.Equal(t, "ghcr.io/spiffe/spire-server:1.12.0", spireServer(t, agentcube).Spec.Template.Spec.Containers[0].Image)
	}

	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: false}"))
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"))
	assert.Equal(t, "data", spireServer(t, agentcube).Spec.VolumeClaimTemplates[0].Name)
	assert.Zero(t, manager(t, agentcube).MinReadySeconds, "this chart's WorkloadManagers drain in a switch")
}

func account(t *testing.T, r release, name string) *corev1.ServiceAccount {
	t.Helper()
	found, err := client(t).CoreV1().ServiceAccounts(r.namespace).Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	return found
}

func spireServer(t *testing.T, r release) *appsv1.StatefulSet {
	t.Helper()
	found, err := client(t).AppsV1().StatefulSets(r.namespace).Get(t.Context(), "spire-server", metav1.GetOptions{})
	require.NoError(t, err)
	return found
}

func manager(t *testing.T, r release) appsv1.DeploymentSpec {
	t.Helper()
	found, err := client(t).AppsV1().Deployments(r.namespace).Get(t.Context(), "workloadmanager", metav1.GetOptions{})
	require.NoError(t, err)
	return found.Spec
}
