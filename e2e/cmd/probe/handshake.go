package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"flag"
	"fmt"
	"net/http"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"agentcube-mtls/e2e/record"
)

type certificateFiles struct{ cert, key, ca string }

// bindFiles registers the flags for the files of a Router.
func bindFiles(flags *flag.FlagSet) *certificateFiles {
	files := &certificateFiles{}
	flags.StringVar(&files.cert, "cert", "", "the certificate chain, PEM")
	flags.StringVar(&files.key, "key", "", "the private key, PEM")
	flags.StringVar(&files.ca, "ca", "", "the trust bundle, PEM")
	return files
}

// credentials are what one side of a handshake needs: who it is, and whom it trusts.
type credentials struct {
	svid   *x509svid.SVID
	bundle *x509bundle.Bundle
}

func (f certificateFiles) load() (*credentials, error) {
	svid, err := x509svid.Load(f.cert, f.key)
	if err != nil {
		return nil, err
	}
	bundle, err := x509bundle.Load(svid.ID.TrustDomain(), f.ca)
	return &credentials{svid, bundle}, err
}

// handshake makes one request and returns what the connection showed.
func (c *credentials) handshake(ctx context.Context, target string) (*record.Handshake, error) {
	// Any member of the trust domain is accepted here, so that the identity is reported, not
	// presumed.
	config := tlsconfig.MTLSClientConfig(c.svid, c.bundle, tlsconfig.AuthorizeMemberOf(c.svid.ID.TrustDomain()))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+target+"/health", nil)
	if err != nil {
		return nil, err
	}
	// A new connection, which shows the current certificates.
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, Timeout: 15 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close()
	server := response.TLS.PeerCertificates[0]
	id, err := x509svid.IDFromCert(server)
	if err != nil {
		return nil, fmt.Errorf("the server's certificate: %w", err)
	}
	return &record.Handshake{
		Version: tls.VersionName(response.TLS.Version),
		Status:  response.StatusCode,
		Client:  identity(c.svid.ID, c.svid.Certificates[0]),
		Server:  identity(id, server),
	}, nil
}

func identity(id spiffeid.ID, certificate *x509.Certificate) record.SVID {
	return record.SVID{
		ID:        id.String(),
		Serial:    certificate.SerialNumber.String(),
		Authority: hex.EncodeToString(certificate.AuthorityKeyId),
		Expires:   certificate.NotAfter,
	}
}
