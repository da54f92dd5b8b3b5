package workloadmanager

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"k8s.io/klog/v2"

	"agentcube-mtls/e2e/controlplane/mtls"
)

// Config is what the command line and the environment say.
type Config struct {
	Port             string
	RuntimeClassName string // for pods whose template names none; empty is the cluster's default

	EnableTLS              bool
	TLSCert, TLSKey, TLSCA string // TLSCA makes it mTLS
	EnableAuth             bool   // ask callers for a ServiceAccount token

	Namespace      string        // where the Router's identity Secret is
	AllowedClients []spiffeid.ID // with mTLS; empty is every SVID of the trust domain
}

// BindFlags registers the WorkloadManager's flags and returns the configuration
// that they fill when they are parsed.
func BindFlags(fs *flag.FlagSet) *Config {
	c := &Config{}
	fs.StringVar(&c.Port, "port", "8080", "port to listen on")
	fs.StringVar(&c.RuntimeClassName, "runtime-class-name", "kuasar-vmm", "runtime class of sandbox pods whose template names none (empty = the cluster's default)")
	fs.BoolVar(&c.EnableTLS, "enable-tls", false, "serve HTTPS")
	fs.StringVar(&c.TLSCert, "tls-cert", "", "certificate file")
	fs.StringVar(&c.TLSKey, "tls-key", "", "key file")
	fs.StringVar(&c.TLSCA, "tls-ca", "", "CA file that clients' certificates must chain to (empty = none asked for)")
	fs.BoolVar(&c.EnableAuth, "enable-auth", false, "require a ServiceAccount token of callers")
	return c
}

// Complete adds the environment and fails where settings do not go together.
func (c *Config) Complete() error {
	c.Namespace = cmp.Or(os.Getenv("AGENTCUBE_NAMESPACE"), "default")
	if hasFiles := c.TLSCert != "" && c.TLSKey != ""; c.EnableTLS != hasFiles || (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("--enable-tls, --tls-cert and --tls-key go together: set all of them or none")
	}
	if c.TLSCA != "" && !c.EnableTLS {
		return errors.New("--tls-ca needs --enable-tls, --tls-cert and --tls-key")
	}
	for text := range strings.SplitSeq(os.Getenv("AGENTCUBE_ALLOWED_CLIENT_SPIFFE_IDS"), ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		id, err := spiffeid.FromString(text)
		if err != nil {
			return fmt.Errorf("environment variable AGENTCUBE_ALLOWED_CLIENT_SPIFFE_IDS: %q: %w", text, err)
		}
		c.AllowedClients = append(c.AllowedClients, id)
	}
	return nil
}

// TLS is the configuration to serve with, nil for plain HTTP. With mTLS it
// waits for the certificate files; they are followed until ctx is done.
func (c *Config) TLS(ctx context.Context) (*tls.Config, error) {
	if c.TLSCA == "" && len(c.AllowedClients) > 0 {
		klog.Warning("AGENTCUBE_ALLOWED_CLIENT_SPIFFE_IDS has no effect without --tls-ca: every client is let in")
	}
	switch {
	case !c.EnableTLS:
		return nil, nil
	case c.TLSCA == "":
		return mtls.KeyPairConfig(ctx, c.TLSCert, c.TLSKey)
	}
	source, err := mtls.Open(ctx, "WorkloadManager", mtls.Files{Cert: c.TLSCert, Key: c.TLSKey, CA: c.TLSCA}, mtls.FileWait)
	if err != nil {
		return nil, err
	}
	klog.Info("WorkloadManager mTLS enabled: accepting clients with valid SPIRE-provisioned certificates")
	if len(c.AllowedClients) > 0 {
		klog.Infof("Only these clients are let in: %v", c.AllowedClients)
	}
	return mtls.ServerConfig(source, c.AllowedClients), nil
}
