package mtls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
)

// FileWait is how long the programs wait at start-up for their files.
const FileWait = 30 * time.Second

// lookInterval is how often they look meanwhile.
const lookInterval = 100 * time.Millisecond

// Files are the paths of three PEM files: the X509-SVID with its intermediates, its key, and the
// CA certificates that the other end must chain to.
type Files struct{ Cert, Key, CA string }

// Complete reports whether all three paths are set. It is an error to set only some of them; flags
// are their names on the command line, for the message.
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

// present returns an error that names every file that is not there.
func (f Files) present() error {
	var errs []error
	for _, path := range []string{f.Cert, f.Key, f.CA} {
		_, err := os.Stat(path)
		errs = append(errs, err)
	}
	return utilerrors.NewAggregate(errs) // joined on one line, for the log
}

// Source is a certificate and the authorities to verify others by, which follow their files. It
// implements x509bundle.Source and is safe for concurrent use.
type Source struct {
	pair        *reloading[*tls.Certificate]
	authorities *reloading[[]*x509.Certificate]
}

// Open waits until all three files are there, at most for the given time, reads them once, and then
// follows them until ctx is done. Component is the name that the log lines carry.
func Open(ctx context.Context, component string, files Files, patience time.Duration) (*Source, error) {
	klog.Infof("Waiting for %s mTLS cert/key/CA files", component)
	var missing error
	err := wait.PollUntilContextTimeout(ctx, lookInterval, patience, true, func(context.Context) (bool, error) {
		missing = files.present()
		return missing == nil, nil
	})
	if err != nil {
		return nil, fmt.Errorf("waiting for %s mTLS cert/key/CA files: %w: %w", component, err, missing)
	}
	klog.Info("All mTLS cert/key/CA files are present")
	s := &Source{
		pair:        keyPair(files.Cert, files.Key),
		authorities: &reloading[[]*x509.Certificate]{paths: []string{files.CA}, parse: parseAuthorities},
	}
	if err := s.pair.open(ctx); err != nil {
		return nil, err
	}
	if err := s.authorities.open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Certificate returns the certificate in use.
func (s *Source) Certificate() *tls.Certificate { return s.pair.load() }

// Authorities returns the CA certificates in use.
func (s *Source) Authorities() []*x509.Certificate { return s.authorities.load() }

// GetX509BundleForTrustDomain returns the authorities in use. It fails for any trust domain but the
// one of the source's own certificate: the file holds no other.
func (s *Source) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	own, err := x509svid.IDFromCert(s.Certificate().Leaf)
	if err != nil {
		return nil, fmt.Errorf("reading the trust domain of the certificate in use: %w", err)
	}
	return x509bundle.FromX509Authorities(own.TrustDomain(), s.Authorities()).GetX509BundleForTrustDomain(td)
}

// parseAuthorities returns the certificates that there are, as x509.CertPool takes them: a file that
// was cut short quietly loses the rest.
func parseAuthorities(contents [][]byte) ([]*x509.Certificate, error) {
	var authorities []*x509.Certificate
	for block, rest := pem.Decode(contents[0]); block != nil; block, rest = pem.Decode(rest) {
		if authority, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			authorities = append(authorities, authority)
		}
	}
	if len(authorities) == 0 {
		return nil, errors.New("no CA certificate found")
	}
	return authorities, nil
}
