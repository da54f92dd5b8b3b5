package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"

	"agentcube-mtls/e2e/observed"
)

// silence is how long a server that has let a client in is given to say otherwise. A refusal follows the handshake at once.
const silence = 3 * time.Second

// attempt is one way in which a stranger tries to be served.
type attempt struct {
	stranger string
	address  string      // host:port
	config   *tls.Config // nil for plain HTTP
}

// strangers returns every way in which a workload that is not the Router may try to reach the WorkloadManager.
func strangers(ctx context.Context, target, plain, socket, pretend string) ([]attempt, error) {
	forged, err := forge(pretend)
	if err != nil {
		return nil, err
	}
	svid, err := fetch(ctx, socket)
	if err != nil {
		return nil, err
	}
	valid := tls.Certificate{PrivateKey: svid.PrivateKey}
	for _, certificate := range svid.Certificates {
		valid.Certificate = append(valid.Certificate, certificate.Raw)
	}
	return []attempt{
		{"plain HTTP to the plain port", plain, nil},
		{"plain HTTP to the mTLS port", target, nil},
		{"no certificate", target, client()},
		{"a certificate of another CA", target, client(*forged)},
		{"a valid SVID of another workload, " + svid.ID.String(), target, client(valid)},
	}, nil
}

// client returns a TLS configuration that trusts any server: a stranger does not care, and only the server's refusal counts.
// The certificates are sent whether or not the server names their CA.
func client(certificates ...tls.Certificate) *tls.Config {
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13} //nolint:gosec // see above
	if len(certificates) > 0 {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificates[0], nil }
	}
	return config
}

func (a attempt) try(ctx context.Context) observed.Refusal {
	over := a.overTLS
	if a.config == nil {
		over = a.overHTTP
	}
	refused, how := over(ctx)
	return observed.Refusal{Stranger: a.stranger, Refused: refused, How: how}
}

// overHTTP asks in plain text. A Go server says 400 to that on a TLS port, and a port that nothing listens on is closed;
// any other answer means that the request was served.
func (a attempt) overHTTP(ctx context.Context) (bool, string) {
	response, err := get(ctx, "http://"+a.address+"/health", nil)
	if err != nil {
		return errors.Is(err, syscall.ECONNREFUSED), err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 200))
	return response.StatusCode == http.StatusBadRequest, fmt.Sprintf("%s %s", response.Status, bytes.TrimSpace(body))
}

// overTLS shakes hands and listens. In TLS 1.3 the client's part ends before the server has looked at its certificate, so that
// a refusal comes as an alert to the first read. Any other failure, such as a name that does not resolve, is no refusal.
func (a attempt) overTLS(ctx context.Context) (bool, string) {
	dialer := tls.Dialer{Config: a.config}
	conn, err := dialer.DialContext(ctx, "tcp", a.address)
	if err == nil {
		defer func() { _ = conn.Close() }()
		if err = conn.SetReadDeadline(time.Now().Add(silence)); err == nil {
			_, err = conn.Read(make([]byte, 1))
		}
	}
	var failure *net.OpError
	if errors.As(err, &failure) && failure.Op == "remote error" {
		return true, err.Error()
	}
	return false, fmt.Sprintf("no alert from the server, but: %v", err)
}

// forge returns a certificate that claims a SPIFFE ID and is signed by nobody but itself.
func forge(id string) (*tls.Certificate, error) {
	uri, err := url.Parse(id)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		URIs:         []*url.URL{uri},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// fetch returns this pod's own SVID from the Workload API, once its registration has reached the agent.
func fetch(ctx context.Context, socket string) (*x509svid.SVID, error) {
	for {
		svid, err := workloadapi.FetchX509SVID(ctx, workloadapi.WithAddr(socket))
		if err == nil {
			return svid, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for an SVID of this pod: %w", err)
		case <-time.After(500 * time.Millisecond):
		}
	}
}
