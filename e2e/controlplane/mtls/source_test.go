package mtls_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/controlplane/internal/testlog"
	"agentcube-mtls/e2e/controlplane/mtls"
	"agentcube-mtls/internal/testca"
)

const (
	routerID  = "spiffe://cluster.local/ns/agentcube/sa/agentcube-router"
	managerID = "spiffe://cluster.local/ns/agentcube/sa/workloadmanager"

	soon = 30 * time.Second // for what must happen; no test asserts on time
	tick = 5 * time.Millisecond
)

var logged = testlog.Capture()

// write writes the pair and bundle as spiffe-helper does.
func write(t testing.TB, dir string, pair testca.Pair, bundle ...*testca.CA) mtls.Files {
	t.Helper()
	cert, key, ca := pair.Write(t, dir, bundle...)
	return mtls.Files{Cert: cert, Key: key, CA: ca}
}

// open opens files that are expected to be good.
func open(t testing.TB, files mtls.Files) *mtls.Source {
	t.Helper()
	source, err := mtls.Open(t.Context(), t.Name(), files, soon)
	require.NoError(t, err)
	return source
}

// inUse reports whether the source presents this certificate.
func inUse(source *mtls.Source, leaf *x509.Certificate) bool {
	svid, err := source.GetX509SVID()
	return err == nil && svid.Certificates[0].Equal(leaf)
}

// awaitUse waits until the source presents this pair with so many authorities.
func awaitUse(t testing.TB, source *mtls.Source, pair testca.Pair, authorities int) {
	t.Helper()
	leaf := pair.TLS(t).Leaf
	require.Eventually(t, func() bool {
		bundle, err := source.GetX509BundleForTrustDomain(spiffeid.RequireTrustDomainFromString("cluster.local"))
		return err == nil && inUse(source, leaf) && len(bundle.X509Authorities()) == authorities
	}, soon, tick)
}

func TestFilesAreSetAllOrNone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files    mtls.Files
		complete bool
		fails    bool
	}{
		"none":        {mtls.Files{}, false, false},
		"all":         {mtls.Files{Cert: "c", Key: "k", CA: "a"}, true, false},
		"cert only":   {mtls.Files{Cert: "c"}, false, true},
		"without CA":  {mtls.Files{Cert: "c", Key: "k"}, false, true},
		"without key": {mtls.Files{Cert: "c", CA: "a"}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			complete, err := test.files.Complete("--cert", "--key", "--ca")
			assert.Equal(t, test.complete, complete)
			if test.fails {
				require.ErrorContains(t, err, `"--cert" "--key" "--ca"`)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

func TestOpenNamesTheFilesThatNeverCame(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := testca.New(t)
	files := write(t, dir, ca.SVID(t, routerID), ca)
	require.NoError(t, os.Remove(files.Key))
	require.NoError(t, os.Remove(files.CA))

	_, err := mtls.Open(t.Context(), "Nobody", files, time.Millisecond)
	require.ErrorContains(t, err, files.Key)
	require.ErrorContains(t, err, files.CA)
	assert.NotContains(t, err.Error(), files.Cert)
	assert.True(t, logged.Has("Waiting for Nobody mTLS cert/key/CA files"))
}

func TestOpenWaitsForTheLastFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := testca.New(t)
	pair := ca.SVID(t, routerID)
	files := mtls.Files{
		Cert: filepath.Join(dir, "svid.pem"), Key: filepath.Join(dir, "svid_key.pem"), CA: filepath.Join(dir, "svid_bundle.pem"),
	}
	require.NoError(t, os.WriteFile(files.Cert, pair.Cert, 0o600))

	opened := make(chan *mtls.Source)
	go func() {
		source, err := mtls.Open(t.Context(), "Patient", files, soon)
		assert.NoError(t, err)
		opened <- source
	}()
	logged.Await(t, "Waiting for Patient mTLS cert/key/CA files")
	select {
	case <-opened:
		t.Fatal("opened without key and CA")
	default:
	}
	write(t, dir, pair, ca)
	assert.True(t, inUse(<-opened, pair.TLS(t).Leaf))
	assert.True(t, logged.Has("All mTLS cert/key/CA files are present"))
}

// badFiles are sets that must never be used, and what the log says of them.
func badFiles(t testing.TB, ca *testca.CA) map[string]badSet {
	t.Helper()
	good, other, otherCA := ca.SVID(t, routerID), ca.SVID(t, routerID), testca.New(t)
	bundle := testca.Bundle(ca)
	return map[string]badSet{
		"expired":                 {ca.Issue(t, testca.Leaf{ID: routerID, Expired: true}), bundle, "expired"},
		"another's key":           {testca.Pair{Cert: good.Cert, Key: other.Key}, bundle, "private key"},
		"of another CA":           {otherCA.SVID(t, routerID), bundle, "unknown authority"},
		"without a SPIFFE ID":     {ca.Issue(t, testca.Leaf{}), bundle, "no URI SAN"},
		"certificate cut":         {testca.Pair{Cert: cut(good.Cert), Key: good.Key}, bundle, "not whole"},
		"key cut":                 {testca.Pair{Cert: good.Cert, Key: cut(good.Key)}, bundle, "not whole"},
		"second authority cut":    {good, cut(testca.Bundle(ca, otherCA)), "not whole"},
		"certificate still empty": {testca.Pair{Key: good.Key}, bundle, "no PEM"},
		"key still empty":         {testca.Pair{Cert: good.Cert}, bundle, "no PEM"},
		"bundle still empty":      {good, nil, "unknown authority"},
	}
}

type badSet struct {
	pair   testca.Pair
	bundle []byte
	reason string
}

func (b badSet) write(t testing.TB, files mtls.Files) {
	t.Helper()
	require.NoError(t, os.WriteFile(files.Cert, b.pair.Cert, 0o600))
	require.NoError(t, os.WriteFile(files.Key, b.pair.Key, 0o600))
	require.NoError(t, os.WriteFile(files.CA, b.bundle, 0o600))
}

func cut(pem []byte) []byte { return pem[:len(pem)-30] }

func TestOpenRefusesBadFiles(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	for name, bad := range badFiles(t, ca) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := write(t, t.TempDir(), ca.SVID(t, routerID), ca)
			bad.write(t, files)
			_, err := mtls.Open(t.Context(), t.Name(), files, time.Millisecond)
			require.ErrorContains(t, err, bad.reason)
		})
	}
}

func TestBadFilesKeepTheLastGoodOnes(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	for name, bad := range badFiles(t, ca) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			first, last := ca.SVID(t, routerID), ca.SVID(t, routerID)
			files := write(t, dir, first, ca)
			source := open(t, files)

			bad.write(t, files)
			logged.Await(t, "Keeping the certificates in use", dir, bad.reason)
			awaitUse(t, source, first, 1)

			write(t, dir, last, ca)
			awaitUse(t, source, last, 1)
		})
	}
}

// No file changes when a certificate becomes valid.
func TestACertificateThatIsNotValidYetIsUsedOnceItIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := testca.New(t)
	source := open(t, write(t, dir, ca.SVID(t, routerID), ca))

	early := ca.Issue(t, testca.Leaf{ID: routerID, From: time.Now().Add(3 * time.Second)})
	write(t, dir, early, ca)
	logged.Await(t, "Keeping the certificates in use", dir, "not yet valid")
	awaitUse(t, source, early, 1)
}

func TestBundleOfAnotherTrustDomainIsUnknown(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	source := open(t, write(t, t.TempDir(), ca.SVID(t, routerID), ca))
	_, err := source.GetX509BundleForTrustDomain(spiffeid.RequireTrustDomainFromString("elsewhere.test"))
	require.Error(t, err)
}

func TestRotationIsLoggedOnceWithSerialAndExpiry(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := testca.New(t)
	first, second := ca.SVID(t, routerID), ca.SVID(t, routerID)
	source := open(t, write(t, dir, first, ca))
	line := func(pair testca.Pair) []string {
		leaf := pair.TLS(t).Leaf
		return []string{routerID, "serial=" + leaf.SerialNumber.String(), "expires=" + leaf.NotAfter.UTC().Format(time.RFC3339)}
	}
	assert.True(t, logged.Has(append(line(first), "Loaded SVID")...))

	write(t, dir, second, ca)
	awaitUse(t, source, second, 1)
	logged.Await(t, append(line(second), "Rotated SVID")...)
}
