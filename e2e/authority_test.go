package e2e

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/testca"
)

var userCA = suite.Scenario{
	Name:        "user-ca",
	Description: "Under load, a CA of the user takes over from the self-signed one of a SPIRE server.",
	Values: map[string]string{
		"spire.enabled": "true", "spire.server.ca.x509SvidDefaultTtl": "90s", "spire.server.ca.ttl": "3m", "workloadmanager.drainSeconds": suite.DrainSeconds,
	},
	Run: func(ctx context.Context, t *testing.T, r release.Release) {
		authority := testca.New(t).Pair(t)
		_, err := r.CoreV1().Secrets(r.Namespace).Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "authority"}, Data: map[string][]byte{"tls.crt": authority.Cert, "tls.key": authority.Key},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
		load := suite.UnderLoad(ctx, t, r)
		suite.Upgrade(ctx, t, r, map[string]string{"spire.server.upstreamAuthority.type": "secret", "spire.server.upstreamAuthority.secretName": "authority"})

		awaitAuthority(ctx, t, r, load, authority.Cert)
		load.RequireNoFailure(ctx, t)
		assert.Empty(t, load.End(ctx, t).Handshakes, "a connection can be made at any moment")
	},
}

// awaitAuthority waits until the certificates of Router and WorkloadManager lead to a root, as PEM.
func awaitAuthority(ctx context.Context, t *testing.T, r release.Release, load *suite.Load, root []byte) {
	t.Helper()
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(root))
	signer, untrusted := "", errors.New("no certificate was seen yet")
	suite.Eventually(ctx, t, "a certificate that leads to the CA", func(ctx context.Context) error {
		// Each look starts a container, so look only if there is a new certificate.
		current := load.Newest("agentcube-router").Authority
		if current == signer {
			return untrusted
		}
		chain, err := r.RouterCertificate(ctx)
		if err != nil {
			return err
		}
		signer, untrusted = current, leadsTo(roots, []byte(chain))
		return untrusted
	})
	require.NoError(t, load.AwaitCertificates(ctx, "certificates of the new CA", func(c record.Certificate) bool { return c.Authority == signer }))
}

// leadsTo returns an error if the first certificate of a chain, as PEM, does not lead to a root
// through the others.
func leadsTo(roots *x509.CertPool, chain []byte) error {
	block, rest := pem.Decode(chain)
	if block == nil {
		return errors.New("there is no certificate")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	between := x509.NewCertPool()
	between.AppendCertsFromPEM(rest)
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}
