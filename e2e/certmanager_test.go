package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/gomod"
	"agentcube-mtls/internal/repo"
)

var certManager = suite.Scenario{
	Name:        "cert-manager-ca",
	Description: "Under load, cert-manager takes over from the self-signed CA of a SPIRE server, and then renews its own CA with a new key.",
	Soak:        "cert-manager takes minutes to build, and user-ca has another CA sign as well",
	Values: map[string]string{
		"spire.enabled": "true", "spire.server.ca.x509SvidDefaultTtl": "90s", "spire.server.ca.ttl": "3m", "workloadmanager.drainSeconds": suite.DrainSeconds,
	},
	Run: func(ctx context.Context, t *testing.T, r release.Release) {
		installCertManager(ctx, t)
		issuer, err := os.ReadFile("testdata/issuer.yaml")
		require.NoError(t, err)
		objects, err := kube.Decode(bytes.NewReader(issuer))
		require.NoError(t, err)
		suite.Eventually(ctx, t, "cert-manager's kinds to be served", func(ctx context.Context) error { return r.Apply(ctx, objects...) })
		root := awaitRoot(ctx, t, r, nil)

		load := suite.UnderLoad(ctx, t, r)
		suite.Upgrade(ctx, t, r, map[string]string{"spire.server.upstreamAuthority.type": "certManager", "spire.server.upstreamAuthority.issuerName": "root"})
		awaitAuthority(ctx, t, r, load, root)

		renew(ctx, t, r)
		awaitAuthority(ctx, t, r, load, awaitRoot(ctx, t, r, root))
		load.RequireNoFailure(ctx, t)
		assert.Empty(t, load.End(ctx, t).Handshakes, "a connection can be made at any moment")
	},
}

// installCertManager builds and installs cert-manager's controller, and installs the
// CustomResourceDefinitions in its module.
func installCertManager(ctx context.Context, t *testing.T) {
	t.Helper()
	require.NoError(t, images.CertManager.Build(ctx))
	require.NoError(t, suite.Env.Cluster.Load(ctx, []images.Image{images.CertManager}))
	module, err := gomod.Find(ctx, repo.Path("internal", "components", "cert-manager"), "github.com/cert-manager/cert-manager")
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(module.Dir, "deploy", "crds", "*cert-manager.io_*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var manifests []string
	for _, file := range append(files, "testdata/cert-manager.yaml") {
		manifest, err := os.ReadFile(file)
		require.NoError(t, err)
		manifests = append(manifests, string(manifest))
	}
	suite.Deploy(ctx, t, strings.Join(manifests, "\n---\n"), "cert-manager")
}

// awaitRoot waits until cert-manager has signed a root other than the one before, and returns it as
// PEM.
func awaitRoot(ctx context.Context, t *testing.T, r release.Release, before []byte) []byte {
	t.Helper()
	var root []byte
	suite.Eventually(ctx, t, "cert-manager to sign a root", func(ctx context.Context) error {
		secret, err := r.CoreV1().Secrets(r.Namespace).Get(ctx, "root", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if root = secret.Data["tls.crt"]; len(root) == 0 || bytes.Equal(root, before) {
			return errors.New("the Secret holds no new root")
		}
		return nil
	})
	return root
}

// renew makes cert-manager renew its root now, like its client `cmctl renew`.
func renew(ctx context.Context, t *testing.T, r release.Release) {
	t.Helper()
	certificate := &unstructured.Unstructured{}
	certificate.SetAPIVersion("cert-manager.io/v1")
	certificate.SetKind("Certificate")
	certificate.SetNamespace(r.Namespace)
	certificate.SetName("root")
	issuing := `{"status":{"conditions":[{"type":"Issuing","status":"True","reason":"ManuallyTriggered"}]}}`
	require.NoError(t, r.Objects.Status().Patch(ctx, certificate, client.RawPatch(types.MergePatchType, []byte(issuing))))
}
