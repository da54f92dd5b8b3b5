package mtls

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"k8s.io/klog/v2"
)

// KeyPairConfig is plain server TLS with a PEM certificate and key, followed
// until ctx is done: no client certificate is asked for. It fails where the
// files are missing or do not belong together.
func KeyPairConfig(ctx context.Context, certFile, keyFile string) (*tls.Config, error) {
	r := &reloading[*tls.Certificate]{
		paths:   []string{certFile, keyFile},
		parse:   parseKeyPair,
		changed: logKeyPair,
	}
	if err := r.reload(); err != nil {
		return nil, fmt.Errorf("loading TLS certificate and key: %w", err)
	}
	if err := r.watch(ctx); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return r.load(), nil
		},
	}, nil
}

func parseKeyPair(contents [][]byte) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(contents[0], contents[1])
	if err != nil {
		return nil, err
	}
	return &pair, nil
}

func logKeyPair(_, next *tls.Certificate) {
	klog.Infof("Loaded TLS certificate %q serial=%s expires=%s", next.Leaf.Subject,
		next.Leaf.SerialNumber, next.Leaf.NotAfter.UTC().Format(time.RFC3339))
}
