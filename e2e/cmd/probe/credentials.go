package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

// signItself returns a self-signed certificate with the Router's SPIFFE ID.
func (s unauthorizedClient) signItself(context.Context) (*tls.Certificate, error) {
	return forge(s.pretend, nil)
}

// signElsewhere returns a certificate of another trust domain, signed by that domain's authority,
// for a Router there.
func (s unauthorizedClient) signElsewhere(context.Context) (*tls.Certificate, error) {
	id, err := url.Parse(s.pretend)
	if err != nil {
		return nil, err
	}
	id.Host = "elsewhere.test"
	authority, err := forge("spiffe://"+id.Host, nil)
	if err != nil {
		return nil, err
	}
	return forge(id.String(), authority)
}

// forge returns a certificate that claims a SPIFFE ID and is signed by an authority, or by itself
// if that is nil.
func forge(claim string, authority *tls.Certificate) (*tls.Certificate, error) {
	id, err := url.Parse(claim)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		NotBefore:             time.Now().Add(-time.Minute),
		NotAfter:              time.Now().Add(time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		URIs:                  []*url.URL{id},
		BasicConstraintsValid: true,
	}
	if id.Path == "" { // a trust domain's own
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	}
	parent, signer := template, crypto.PrivateKey(key)
	if authority != nil {
		parent, signer = authority.Leaf, authority.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// fetch returns this pod's own SVID from the Workload API, once its registration has reached the
// agent.
func (s unauthorizedClient) fetch(ctx context.Context) (*tls.Certificate, error) {
	for {
		svid, err := workloadapi.FetchX509SVID(ctx, workloadapi.WithAddr(s.socket))
		if err == nil {
			return certificate(svid)
		}
		if pause(ctx, 500*time.Millisecond) != nil {
			return nil, fmt.Errorf("waiting for an SVID of this pod: %w", err)
		}
	}
}

// outlive returns the certificate that it was given, once it has expired.
func (s unauthorizedClient) outlive(ctx context.Context) (*tls.Certificate, error) {
	certificate, err := pair([]byte(s.expired), []byte(s.expired))
	if err != nil {
		return nil, err
	}
	// A certificate is valid through the whole second that ends it.
	return certificate, pause(ctx, time.Until(certificate.Leaf.NotAfter)+time.Second)
}

// replay returns another workload's certificate, with a key that does not belong to it.
func (s unauthorizedClient) replay(context.Context) (*tls.Certificate, error) {
	block, _ := pem.Decode([]byte(s.replayed))
	if block == nil {
		return nil, fmt.Errorf("no PEM: %q", s.replayed)
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &tls.Certificate{Certificate: [][]byte{block.Bytes}, PrivateKey: key, Leaf: leaf}, err
}

// own returns the certificate that this pod has for its own release.
func (s unauthorizedClient) own(context.Context) (*tls.Certificate, error) {
	loaded, err := s.files.load()
	if err != nil {
		return nil, err
	}
	return certificate(loaded.svid)
}

func certificate(svid *x509svid.SVID) (*tls.Certificate, error) {
	chain, key, err := svid.Marshal()
	if err != nil {
		return nil, err
	}
	return pair(chain, key)
}

func pair(chain, key []byte) (*tls.Certificate, error) {
	certificate, err := tls.X509KeyPair(chain, key)
	return &certificate, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
