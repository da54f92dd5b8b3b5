package mtls

import (
	"crypto/tls"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
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
	return config
}
