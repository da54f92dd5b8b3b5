package mtls

import (
	"context"
	"crypto/tls"
	"time"

	"k8s.io/klog/v2"
)

// KeyPairConfig is plain server TLS with a PEM certificate and key, followed until ctx is done: no
// client certificate is asked for. It fails where the files are missing or do not belong together.
func KeyPairConfig(ctx context.Context, certFile, keyFile string) (*tls.Config, error) {
	pair := keyPair(certFile, keyFile)
	if err := pair.open(ctx); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.load(), nil },
	}, nil
}

func keyPair(certFile, keyFile string) *reloading[*tls.Certificate] {
	return &reloading[*tls.Certificate]{paths: []string{certFile, keyFile}, parse: parseKeyPair}
}

// parseKeyPair logs what AgentCube's programs do not tell at the default level either.
func parseKeyPair(contents [][]byte) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(contents[0], contents[1])
	if err != nil {
		return nil, err
	}
	klog.V(2).Infof("Loaded certificate %v serial=%s expires=%s", pair.Leaf.URIs, pair.Leaf.SerialNumber, pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	return &pair, nil
}
