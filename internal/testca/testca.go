// Package testca issues X509-SVIDs for tests and writes them the way
// spiffe-helper does.
package testca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// CA is a self-signed authority.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	PEM  []byte // its certificate
}

// Pair is a certificate and its PKCS#8 key, both PEM.
type Pair struct{ Cert, Key []byte }

// Leaf says what to issue.
type Leaf struct {
	ID      string // SPIFFE ID; empty is a certificate without one
	Expired bool
	From    time.Time // when it begins to be valid; zero is long ago
}

// New returns a CA with a new key.
func New(t testing.TB) *CA {
	t.Helper()
	template := template()
	template.Subject = pkix.Name{CommonName: "test CA"}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &CA{cert, key, encode("CERTIFICATE", der)}
}

// Pair returns the CA's own certificate, with its key.
func (ca *CA) Pair(t testing.TB) Pair {
	t.Helper()
	return Pair{ca.PEM, encodeKey(t, ca.key)}
}

// SVID returns a new SVID with this SPIFFE ID.
func (ca *CA) SVID(t testing.TB, id string) Pair {
	t.Helper()
	return ca.Issue(t, Leaf{ID: id})
}

// Issue issues what is asked for, with a serial number of its own.
func (ca *CA) Issue(t testing.TB, leaf Leaf) Pair {
	t.Helper()
	template := template()
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	if leaf.ID != "" {
		id, err := url.Parse(leaf.ID)
		require.NoError(t, err)
		template.URIs = []*url.URL{id}
	}
	if leaf.Expired {
		template.NotAfter = time.Now().Add(-time.Minute)
	}
	if !leaf.From.IsZero() {
		template.NotBefore = leaf.From
	}
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	require.NoError(t, err)
	return Pair{encode("CERTIFICATE", der), encodeKey(t, key)}
}

// TLS returns the pair for crypto/tls, unverified: unauthorized clients present certificates that
// no correct source would load.
func (p Pair) TLS(t testing.TB) tls.Certificate {
	t.Helper()
	cert, err := tls.X509KeyPair(p.Cert, p.Key)
	require.NoError(t, err)
	return cert
}

// Write writes the pair and the bundle into dir, in place and one after
// another, and returns the three paths.
func (p Pair) Write(t testing.TB, dir string, bundle ...*CA) (cert, key, ca string) {
	t.Helper()
	cert, key, ca = filepath.Join(dir, "svid.pem"), filepath.Join(dir, "svid_key.pem"), filepath.Join(dir, "svid_bundle.pem")
	require.NoError(t, os.WriteFile(cert, p.Cert, 0o600))
	require.NoError(t, os.WriteFile(key, p.Key, 0o600))
	require.NoError(t, os.WriteFile(ca, Bundle(bundle...), 0o600))
	return cert, key, ca
}

// Bundle returns the certificates of these CAs as PEM.
func Bundle(cas ...*CA) []byte {
	var bundle []byte
	for _, ca := range cas {
		bundle = slices.Concat(bundle, ca.PEM)
	}
	return bundle
}

func template() *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62)) // never fails
	return &x509.Certificate{
		SerialNumber: serial,
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func encodeKey(t testing.TB, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return encode("PRIVATE KEY", der)
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
