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
	return source.Certificate().Leaf.Equal(leaf)
}

// awaitUse waits until the source presents this pair with so many authorities.
func awaitUse(t testing.TB, source *mtls.Source, pair testca.Pair, authorities int) {
	t.Helper()
	leaf := pair.TLS(t).Leaf
	require.Eventually(t, func() bool { return inUse(source, leaf) && len(source.Authorities()) == authorities }, soon, tick)
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

// Open names the files that never came.
func TestOpenWithoutFiles(t *testing.T) {
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
	staged := write(t, t.TempDir(), pair, ca)
	require.NoError(t, os.Rename(staged.Key, files.Key))
	require.NoError(t, os.Rename(staged.CA, files.CA))
	assert.True(t, inUse(<-opened, pair.TLS(t).Leaf))
	assert.True(t, logged.Has("All mTLS cert/key/CA files are present"))
}

// badPairs do not load.
func badPairs(t testing.TB, ca *testca.CA) map[string]testca.Pair {
	t.Helper()
	good, other := ca.SVID(t, routerID), ca.SVID(t, routerID)
	return map[string]testca.Pair{
		"another's key":           {Cert: good.Cert, Key: other.Key},
		"certificate cut":         {Cert: cut(good.Cert), Key: good.Key},
		"key cut":                 {Cert: good.Cert, Key: cut(good.Key)},
		"certificate still empty": {Key: good.Key},
		"key still empty":         {Cert: good.Cert},
	}
}

func cut(pem []byte) []byte { return pem[:len(pem)-30] }

// They are there, so nothing is waited for.
func TestOpenBrokenPair(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	for name, bad := range badPairs(t, ca) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := write(t, t.TempDir(), bad, ca)
			_, err := mtls.Open(t.Context(), t.Name(), files, time.Hour)
			require.ErrorContains(t, err, files.Key)
		})
	}
}

func TestOpenRefusesAFileWithoutCA(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	files := write(t, t.TempDir(), ca.SVID(t, routerID))
	_, err := mtls.Open(t.Context(), t.Name(), files, time.Hour)
	require.ErrorContains(t, err, "no CA certificate found")
}

// Pairs that do not load leave the old one.
func TestReloadBrokenPair(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	for name, bad := range badPairs(t, ca) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			first, last := ca.SVID(t, routerID), ca.SVID(t, routerID)
			source := open(t, write(t, dir, first, ca))

			write(t, dir, bad, ca)
			logged.Await(t, "Keeping the certificates in use", dir)
			awaitUse(t, source, first, 1)

			write(t, dir, last, ca)
			awaitUse(t, source, last, 1)
		})
	}
}

// A file without CA leaves the old authorities.
func TestFileWithoutCA(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := testca.New(t)
	source := open(t, write(t, dir, ca.SVID(t, routerID), ca))
	next := ca.SVID(t, routerID)
	write(t, dir, next)
	logged.Await(t, "Keeping the certificates in use", dir, "no CA certificate found")
	awaitUse(t, source, next, 1)
}

// A bundle cut short loses its last authority.
func TestBundleCutShort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, otherCA := testca.New(t), testca.New(t)
	pair := ca.SVID(t, routerID)
	files := write(t, dir, pair, ca, otherCA)
	source := open(t, files)
	awaitUse(t, source, pair, 2)
	require.NoError(t, os.WriteFile(files.CA, cut(testca.Bundle(ca, otherCA)), 0o600))
	awaitUse(t, source, pair, 1)
}

// Validity and chain of a new pair are not checked.
func TestReloadExpiredPair(t *testing.T) {
	t.Parallel()
	ca, otherCA := testca.New(t), testca.New(t)
	for name, useless := range map[string]testca.Pair{
		"expired":             ca.Issue(t, testca.Leaf{ID: routerID, Expired: true}),
		"not valid yet":       ca.Issue(t, testca.Leaf{ID: routerID, From: time.Now().Add(time.Minute)}),
		"of another CA":       otherCA.SVID(t, routerID),
		"without a SPIFFE ID": ca.Issue(t, testca.Leaf{}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			source := open(t, write(t, dir, ca.SVID(t, routerID), ca))
			write(t, dir, useless, ca)
			awaitUse(t, source, useless, 1)
			assert.True(t, inUse(open(t, write(t, t.TempDir(), useless, ca)), useless.TLS(t).Leaf), "at the start")
		})
	}
}

// Files are read again a while after a change.
func TestReloadAfterChange(t *testing.T) {
	t.Parallel()
	const settled = 200 * time.Millisecond
	dir := t.TempDir()
	ca := testca.New(t)
	first, second := ca.SVID(t, routerID), ca.SVID(t, routerID)
	source := open(t, write(t, dir, first, ca))
	time.Sleep(3 * settled) // until what was read at the start is read once more
	changed := time.Now()
	write(t, dir, second, ca)
	awaitUse(t, source, second, 1)
	assert.GreaterOrEqual(t, time.Since(changed), settled)
}

// The bundle of another trust domain is unknown.
func TestOtherTrustDomain(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	source := open(t, write(t, t.TempDir(), ca.SVID(t, routerID), ca))
	_, err := source.GetX509BundleForTrustDomain(spiffeid.RequireTrustDomainFromString("elsewhere.test"))
	require.ErrorContains(t, err, "no X.509 bundle found")
}

// A source without a SPIFFE ID trusts nobody.
func TestSourceWithoutID(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	source := open(t, write(t, t.TempDir(), ca.SVID(t, ""), ca))
	_, err := source.GetX509BundleForTrustDomain(spiffeid.RequireTrustDomainFromString("cluster.local"))
	require.ErrorContains(t, err, "certificate contains no URI SAN")
}

func TestRotationIsNotLogged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := testca.New(t)
	first, second := ca.SVID(t, routerID), ca.SVID(t, routerID)
	source := open(t, write(t, dir, first, ca))
	write(t, dir, second, ca)
	awaitUse(t, source, second, 1)
	for _, pair := range []testca.Pair{first, second} {
		assert.False(t, logged.Has(pair.TLS(t).Leaf.SerialNumber.String()))
	}
}
