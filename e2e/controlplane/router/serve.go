package router

import (
	"context"
	"net"
	"time"

	"agentcube-mtls/e2e/controlplane/mtls"
	"agentcube-mtls/e2e/controlplane/serve"
)

// readTimeout is how long a request may take to come in, with its body.
const readTimeout = 30 * time.Second

// Serve answers until ctx is done, and does not drain: what is in flight then is cut.
func (s *Server) Serve(ctx context.Context, listener net.Listener) (err error) {
	options := serve.Options{ReadTimeout: readTimeout}
	if s.config.EnableTLS {
		if options.TLS, err = mtls.KeyPairConfig(ctx, s.config.TLSCert, s.config.TLSKey); err != nil {
			return err
		}
	}
	return serve.HTTP(ctx, listener, s.Handler(), options)
}
