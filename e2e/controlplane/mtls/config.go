package mtls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// ClientConfig is TLS 1.3 that presents the source's certificate and accepts only a server with this
// SPIFFE ID. DNS names are not looked at.
func ClientConfig(source *Source, server spiffeid.ID) *tls.Config {
	return &tls.Config{
		MinVersion:           tls.VersionTLS13,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return source.Certificate(), nil },
		InsecureSkipVerify:   true, // of names; chain and SPIFFE ID are verified here
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			return verifyServer(raw, source.Authorities(), server)
		},
	}
}

// verifyServer verifies the chain first, then the SPIFFE ID.
func verifyServer(raw [][]byte, authorities []*x509.Certificate, expected spiffeid.ID) error {
	chain := make([]*x509.Certificate, len(raw))
	for i, der := range raw {
		var err error
		if chain[i], err = x509.ParseCertificate(der); err != nil {
			return fmt.Errorf("parsing the server's certificate: %w", err)
		}
	}
	roots, intermediates := pool(authorities), pool(chain[1:])
	if _, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates}); err != nil {
		return fmt.Errorf("verifying the server's certificate: %w", err)
	}
	if id, err := x509svid.IDFromCert(chain[0]); err != nil || id != expected {
		return fmt.Errorf("server certificate SPIFFE ID does not match expected %q", expected)
	}
	return nil
}

func pool(certs []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, cert := range certs {
		pool.AddCert(cert)
	}
	return pool
}

// ServerConfig is TLS 1.3 that presents the source's certificate and requires of the client an SVID
// of the same trust domain: any where allowed is empty, else one of these.
func ServerConfig(source *Source, allowed []spiffeid.ID) *tls.Config {
	authorize := tlsconfig.AuthorizeAny()
	if len(allowed) > 0 {
		authorize = tlsconfig.AuthorizeOneOf(allowed...)
	}
	return &tls.Config{
		MinVersion:            tls.VersionTLS13,
		GetCertificate:        func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return source.Certificate(), nil },
		ClientAuth:            tls.RequireAnyClientCert,
		VerifyPeerCertificate: tlsconfig.VerifyPeerCertificate(source, authorize),
		// A resumed session skips the verification of the client, and so would outlive its
		// certificate, its CA and its place among the allowed.
		SessionTicketsDisabled: true,
	}
}
