package mtls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// ClientConfig is TLS 1.3 that presents the source's SVID and accepts only a
// server with this SPIFFE ID. DNS names are not looked at.
func ClientConfig(source *Source, server spiffeid.ID) *tls.Config {
	config := tlsconfig.MTLSClientConfig(source, source, tlsconfig.AuthorizeID(server))
	config.MinVersion = tls.VersionTLS13
	return config
}

// ServerConfig is TLS 1.3 that presents the source's SVID and requires of the
// client an SVID of the same trust domain: any where allowed is empty, else one
// of these.
func ServerConfig(source *Source, allowed []spiffeid.ID) *tls.Config {
	authorize := tlsconfig.AuthorizeAny()
	if len(allowed) > 0 {
		authorize = tlsconfig.AuthorizeOneOf(allowed...)
	}
	config := tlsconfig.MTLSServerConfig(source, source, authorize)
	config.MinVersion = tls.VersionTLS13
	// A resumed session skips the verification of the client, and so would
	// outlive its certificate, its CA and its place among the allowed.
	config.SessionTicketsDisabled = true
	config.VerifyPeerCertificate = namingPeer(config.VerifyPeerCertificate)
	return config
}

type verifier = func(raw [][]byte, chains [][]*x509.Certificate) error

// namingPeer adds to a refusal who the peer says it is, which the verification
// does not for every failure.
func namingPeer(verify verifier) verifier {
	return func(raw [][]byte, chains [][]*x509.Certificate) error {
		err := verify(raw, chains)
		if err == nil {
			return nil
		}
		leaf, parseErr := x509.ParseCertificate(raw[0])
		if parseErr != nil {
			return err
		}
		id, idErr := x509svid.IDFromCert(leaf)
		if idErr != nil {
			return fmt.Errorf("certificate of %q: %w", leaf.Subject, err)
		}
		return fmt.Errorf("certificate of %s: %w", id, err)
	}
}
