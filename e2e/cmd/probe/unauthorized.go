package main

import (
	"context"
	"crypto/tls"
	"fmt"

	"agentcube-mtls/e2e/record"
)

// unauthorizedClient is a workload that is not the Router, with what it uses to pretend to be one.
type unauthorizedClient struct {
	target, plain string            // host:port of the WorkloadManager's mTLS port, and of its plain one
	pretend       string            // the Router's SPIFFE ID
	socket        string            // address of the Workload API that gives it an SVID of its own; empty: none does
	expired       string            // PEM of a certificate whose time is over or soon will be, with its key; empty: it has none
	replayed      string            // PEM of a certificate whose key it does not have; empty: it has none
	files         *certificateFiles // of the Router of another release; empty: it is none
}

// try tries to be served in every way that the unauthorized client has, and reports each outcome.
func (s unauthorizedClient) try(ctx context.Context, report func(record.Refusal) error) error {
	old := client(nil)
	old.MaxVersion = tls.VersionTLS12
	attempts := []attempt{
		{client: "plain HTTP to the plain port", address: s.plain},
		{client: "plain HTTP to the mTLS port", address: s.target},
		{client: "TLS 1.2", address: s.target, config: old},
		{client: "no certificate", address: s.target, config: client(nil)},
	}
	for _, way := range []struct {
		client      string
		possible    bool
		certificate func(context.Context) (*tls.Certificate, error)
	}{
		{"a self-signed certificate", true, s.signItself},
		{"an SVID of another trust domain", true, s.signElsewhere},
		{record.AnotherWorkload, s.socket != "", s.fetch},
		{"an expired SVID of the Router", s.expired != "", s.outlive},
		{"the Router's certificate without its key", s.replayed != "", s.replay},
		{"the Router of another release", s.files.cert != "", s.own},
	} {
		if !way.possible {
			continue
		}
		certificate, err := way.certificate(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", way.client, err)
		}
		attempts = append(attempts, attempt{way.client, s.target, client(certificate), certificate.Leaf.URIs[0].String()})
	}
	for _, a := range attempts {
		if err := report(a.make(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// client returns a TLS configuration that trusts any server: an unauthorized client does not care,
// and only the server's refusal counts. A certificate is sent whether or not the server names its
// CA.
func client(certificate *tls.Certificate) *tls.Config {
	config := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // see above
	if certificate != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	return config
}
