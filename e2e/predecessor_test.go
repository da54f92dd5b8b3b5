package e2e

import (
	"context"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/e2e/traffic"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/repo"
)

var predecessor = suite.Scenario{
	Name:        "predecessor",
	Description: "A release of AgentCube's main with SPIRE on becomes one of this chart in one upgrade and keeps its CA, and loses some requests because Routers of main do not drain.",
	Serial:      true,
	Soak:        "the guide to upgrading does the same without load",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		r := installPredecessor(ctx, t)
		ca := bundle(ctx, t, r)
		load := suite.UnderLoad(ctx, t, r)
		suite.Endure(ctx, t, load, []suite.Fault{
			{Name: "upgrade from AgentCube's main", Inject: func(ctx context.Context) error {
				suite.Upgrade(ctx, t, r, nil)
				suite.Settle(ctx, t, r)
				return nil
			}, Spares: traffic.Spared{Others: true}},
		})
		assert.Equal(t, ca, bundle(ctx, t, r), "the CA")

		suite.RollBack(ctx, t, r, "1")
		suite.Settle(ctx, t, r)
		_, err := r.Handshake(ctx)
		require.NoError(t, err, "mutual TLS after the rollback")
		assert.Equal(t, ca, bundle(ctx, t, r), "the CA after the rollback")
	},
}

// installPredecessor installs the stand-in of AgentCube's own chart with SPIRE on, as the guide to
// upgrading does.
func installPredecessor(ctx context.Context, t *testing.T) release.Release {
	t.Helper()
	return installBesideRedis(ctx, t, "predecessor", repo.Path("e2e", "guides", "testdata", "main"),
		map[string]string{
			"spire.enabled": "true", "spire.agent.insecureBootstrap": "true", "spire.agent.skipKubeletVerification": "true",
			"spire.server.image.tag": tag(t, components.SPIRE), "spire.agent.image.tag": tag(t, components.SPIRE),
			"spire.spiffeHelper.image.tag": tag(t, components.SPIFFEHelper),
		})
}

// installBesideRedis installs one of AgentCube's own charts, with values, beside a Redis, as its
// users have one.
func installBesideRedis(ctx context.Context, t *testing.T, name, chart string, values map[string]string) release.Release {
	t.Helper()
	r := release.Release{Client: suite.Env.Release.Client, Namespace: name, Name: name}
	_, err := r.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	require.NoError(t, err)
	redis, err := images.Redis()
	require.NoError(t, err)
	manifests, err := os.ReadFile("testdata/redis.yaml")
	require.NoError(t, err)
	suite.Deploy(ctx, t, strings.NewReplacer("${IMAGE}", redis, "${NAMESPACE}", name).Replace(string(manifests)), name)
	suite.Afterwards(t, func(ctx context.Context) {
		_, _ = suite.Env.Helm.Run(ctx, "uninstall", name, "--namespace", name, "--ignore-not-found")
	})
	maps.Copy(values, map[string]string{
		"redis.addr": "redis." + name + ".svc:6379", "redis.password": "change-me",
		"router.resources.requests.cpu": "10m", "workloadmanager.resources.requests.cpu": "10m",
	})
	suite.UpgradeTo(ctx, t, chart, r, values)
	return r
}

// bundle returns the certificates of the CA of a release's SPIRE server.
func bundle(ctx context.Context, t *testing.T, r release.Release) string {
	t.Helper()
	published, err := r.CoreV1().ConfigMaps(r.Namespace).Get(ctx, "spire-bundle", metav1.GetOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, published.Data["bundle.crt"])
	return published.Data["bundle.crt"]
}
