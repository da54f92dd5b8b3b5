package e2e

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/release"
	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/repo"
)

// TestUpgradesAndTheirRollbacksLoseNoInvocation changes one thing after the other by helm upgrade, and takes each change back again.
func TestUpgradesAndTheirRollbacksLoseNoInvocation(t *testing.T) {
	ctx := startLong(t)
	r := install(t, "upgrading", map[string]string{"spire.enabled": "true", "workloadmanager.drainSeconds": drainSeconds})
	load := underLoad(ctx, t, r)
	tag := retag(ctx, t)
	all := []string{"agentcube-router", "workloadmanager", "spire-server", "spire-agent"}
	for _, change := range []struct {
		name, chart string
		values      map[string]string
		made        func() bool // whether the release is as the values say
	}{
		// What another version of the chart may do to every pod: change its template.
		{"another chart", nextChart(t), map[string]string{
			"router.podAnnotations.version": "next", "workloadmanager.podAnnotations.version": "next",
			"spire.server.podAnnotations.version": "next", "spire.agent.podAnnotations.version": "next",
		}, func() bool {
			return everyPod(ctx, t, r, all, func(p corev1.Pod) bool { return p.Annotations["version"] == "next" })
		}},
		{"another SPIRE", chart, map[string]string{"spire.server.image.tag": tag, "spire.agent.image.tag": tag}, func() bool {
			return everyPod(ctx, t, r, all[2:], func(p corev1.Pod) bool { return strings.HasSuffix(p.Spec.Containers[0].Image, ":"+tag) })
		}},
		{"another life of certificates", chart, map[string]string{"spire.server.ca.x509SvidDefaultTtl": "30m"}, func() bool {
			return lifeOfCertificates(ctx, t, r) < time.Hour
		}},
	} {
		assert.False(t, change.made(), "there was %s before", change.name)
		load.Mark(change.name)
		upgradeTo(t, change.chart, r, change.values)
		settle(ctx, t, r)
		assert.True(t, change.made(), "the upgrade did not bring %s", change.name)
		load.Mark("rollback")
		rollBack(ctx, t, r)
		settle(ctx, t, r)
		assert.False(t, change.made(), "the rollback did not take back %s", change.name)
		eventually(ctx, t, "the release to be whole after the rollback of "+change.name, func(ctx context.Context) error { return healthy(ctx, r) })
	}
	load.requireNoFailure(ctx, t)
}

// TestTheTrustDomainChangesByWayOfPlainAndBackWithoutALostInvocation goes to another trust domain in two upgrades, since members of
// two trust domains refuse each other, and returns to the first one by rollbacks.
func TestTheTrustDomainChangesByWayOfPlainAndBackWithoutALostInvocation(t *testing.T) {
	ctx := startLong(t)
	r := install(t, "domains", map[string]string{"spire.enabled": "true"}) // revision 1
	load := underLoad(ctx, t, r)

	output, err := suite.helm.Run(ctx, "upgrade", r.Name, chart, "--namespace", r.Namespace, "--reuse-values", "--set", "spire.trustDomain=example.org")
	require.Error(t, err, output)
	assert.ErrorContains(t, err, "Set spire.enabled to false in one upgrade")

	speaks := func(trustDomain string) {
		settle(ctx, t, r)
		seen, err := r.Handshake(ctx)
		require.NoError(t, err)
		for _, id := range []string{seen.Client.ID, seen.Server.ID} {
			assert.True(t, strings.HasPrefix(id, "spiffe://"+trustDomain+"/"), id)
		}
	}
	load.Mark("plain")
	upgrade(t, r, map[string]string{"spire.enabled": "false"}) // revision 2
	settle(ctx, t, r)
	load.Mark("example.org")
	upgrade(t, r, map[string]string{"spire.enabled": "true", "spire.trustDomain": "example.org"})
	speaks("example.org")
	for _, revision := range []string{"2", "1"} {
		load.Mark("back to revision " + revision)
		rollBack(ctx, t, r, revision)
		settle(ctx, t, r)
	}
	speaks("cluster.local")
	load.requireNoFailure(ctx, t)
}

// everyPod tells whether something holds for all pods of some programs.
func everyPod(ctx context.Context, t *testing.T, r release.Release, apps []string, holds func(corev1.Pod) bool) bool {
	t.Helper()
	for _, app := range apps {
		pods, err := r.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
		require.NoError(t, err)
		require.NotEmpty(t, pods.Items, app)
		for _, pod := range pods.Items {
			if !holds(pod) {
				return false
			}
		}
	}
	return true
}

// lifeOfCertificates returns how long a certificate is valid that the SPIRE server issues now, by default.
func lifeOfCertificates(ctx context.Context, t *testing.T, r release.Release) time.Duration {
	t.Helper()
	issued, err := r.Server(ctx, "x509", "mint", "-spiffeID", "spiffe://cluster.local/minted")
	require.NoError(t, err)
	block, _ := pem.Decode([]byte(issued))
	require.NotNil(t, block, issued)
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return certificate.NotAfter.Sub(certificate.NotBefore)
}

// nextChart returns a copy of the chart whose version is a later one.
func nextChart(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "base")
	require.NoError(t, os.CopyFS(dir, os.DirFS(repo.Path("charts", "base"))))
	file := filepath.Join(dir, "Chart.yaml")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	next := strings.Replace(string(content), "\nversion: ", "\nversion: 9", 1)
	require.NotEqual(t, string(content), next)
	require.NoError(t, os.WriteFile(file, []byte(next), 0o644))
	return dir
}

// retag gives SPIRE's images a second tag on every node, and returns it: to Kubernetes that is another version.
func retag(ctx context.Context, t *testing.T) string {
	t.Helper()
	const next = "next"
	version, err := components.SPIRE.Version()
	require.NoError(t, err)
	for _, node := range nodes(ctx, t, "") {
		for _, image := range []string{"ghcr.io/spiffe/spire-server:", "ghcr.io/spiffe/spire-agent:"} {
			tag := command.New("docker", "exec", node.Name, "ctr", "--namespace", "k8s.io", "images", "tag", "--force",
				image+strings.TrimPrefix(version, "v"), image+next)
			require.NoError(t, tag.Run(ctx))
		}
	}
	return next
}
