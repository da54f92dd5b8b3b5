package mtls

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
)

// FileWait is how long the programs wait at start-up for their files.
const FileWait = 30 * time.Second

// Files are the paths of three PEM files: the X509-SVID with its
// intermediates, its PKCS#8 key, and the CA certificates of its trust domain.
type Files struct{ Cert, Key, CA string }

// Complete reports whether all three paths are set. It is an error to set only
// some of them; flags are their names on the command line, for the message.
func (f Files) Complete(flags ...string) (bool, error) {
	set := 0
	for _, path := range []string{f.Cert, f.Key, f.CA} {
		if path != "" {
			set++
		}
	}
	if set == 1 || set == 2 {
		return false, fmt.Errorf("%q go together: set all of them or none", flags)
	}
	return set == 3, nil
}

// Source is an X509-SVID and trust bundle that follow their files. It
// implements x509svid.Source and x509bundle.Source and is safe for concurrent use.
type Source struct{ files *reloading[identity] }

// identity is an SVID and the bundle that it was verified against.
type identity struct {
	svid   *x509svid.SVID
	bundle *x509bundle.Bundle
}

// Open waits until the files are there and belong together, at most for the
// given time, and then follows them until ctx is done. Component is the name
// that the log lines carry. The error says what was wrong with the files last.
func Open(ctx context.Context, component string, files Files, patience time.Duration) (*Source, error) {
	klog.Infof("Waiting for %s mTLS cert/key/CA files", component)
	r := &reloading[identity]{
		paths:   []string{files.Cert, files.Key, files.CA},
		parse:   parseIdentity,
		changed: logIdentity,
	}
	var last error
	err := wait.PollUntilContextTimeout(ctx, settleTime, patience, true, func(context.Context) (bool, error) {
		last = r.reload()
		return last == nil, nil
	})
	if err != nil {
		return nil, fmt.Errorf("waiting for %s mTLS cert/key/CA files: %w: %w", component, err, last)
	}
	klog.Info("All mTLS cert/key/CA files are present")
	if err := r.watch(ctx); err != nil {
		return nil, err
	}
	return &Source{files: r}, nil
}

// GetX509SVID returns the SVID in use. The error is always nil.
func (s *Source) GetX509SVID() (*x509svid.SVID, error) {
	return s.files.load().svid, nil
}

// GetX509BundleForTrustDomain returns the bundle in use. It fails for any trust
// domain other than the SVID's own: the file holds no other.
func (s *Source) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	return s.files.load().bundle.GetX509BundleForTrustDomain(td)
}

// parseIdentity accepts certificate, key and CA only where the key fits the
// certificate and the certificate, now valid, chains to the CA.
func parseIdentity(contents [][]byte) (identity, error) {
	for _, content := range contents {
		if err := wholePEM(content); err != nil {
			return identity{}, err
		}
	}
	svid, err := x509svid.Parse(contents[0], contents[1])
	if err != nil {
		return identity{}, fmt.Errorf("parsing certificate and key: %w", err)
	}
	bundle, err := x509bundle.Parse(svid.ID.TrustDomain(), contents[2])
	if err != nil {
		return identity{}, fmt.Errorf("parsing CA certificates: %w", err)
	}
	if _, _, err := x509svid.Verify(svid.Certificates, bundle); err != nil {
		return identity{}, fmt.Errorf("verifying %s against the CA certificates: %w", svid.ID, err)
	}
	return identity{svid, bundle}, nil
}

// wholePEM fails where the data ends inside a block, which parsers overlook: a
// bundle cut short would quietly lose its last authorities.
func wholePEM(data []byte) error {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(data) {
		data = rest
	}
	if len(bytes.TrimSpace(data)) > 0 {
		return errors.New("file is not whole: it does not end with a PEM block")
	}
	return nil
}

func logIdentity(old, next identity) {
	leaf := next.svid.Certificates[0]
	what := "Loaded SVID"
	switch {
	case old.svid == nil:
	case old.svid.Certificates[0].Equal(leaf):
		what = "Trust bundle replaced beside SVID"
	default:
		what = "Rotated SVID"
	}
	klog.Infof("%s %s serial=%s expires=%s authorities=%d", what, next.svid.ID,
		leaf.SerialNumber, leaf.NotAfter.UTC().Format(time.RFC3339), len(next.bundle.X509Authorities()))
}
