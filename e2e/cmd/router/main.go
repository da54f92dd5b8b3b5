// Command router runs AgentCube's Router. See package router.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	agentcube "github.com/volcano-sh/agentcube/pkg/router"
	"github.com/volcano-sh/agentcube/pkg/store"
	"k8s.io/klog/v2"

	"agentcube-mtls/e2e/controlplane/mtls"
	"agentcube-mtls/e2e/controlplane/router"
	"agentcube-mtls/e2e/controlplane/serve"
)

func main() {
	klog.InitFlags(nil)
	config := router.BindFlags(flag.CommandLine)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, config); err != nil {
		klog.Exitf("Router: %v", err)
	}
}

func run(ctx context.Context, config *router.Config) error {
	if err := config.Complete(); err != nil {
		return err
	}
	signer, err := loadSigner(ctx, config.Namespace)
	if err != nil {
		return err
	}
	server, err := router.New(ctx, config, store.Storage(), signer)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+config.Port)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	if !config.EnableTLS {
		return serve.HTTP(ctx, listener, server.Handler(), nil)
	}
	tlsConfig, err := mtls.KeyPairConfig(ctx, config.TLSCert, config.TLSKey)
	if err != nil {
		return err
	}
	return serve.HTTP(ctx, listener, server.Handler(), tlsConfig)
}

// loadSigner reads the key that sandboxes know the Router by from its Secret,
// or makes both.
func loadSigner(ctx context.Context, namespace string) (*agentcube.JWTManager, error) {
	// Its default is "default", which is not the contract's.
	agentcube.IdentityNamespace = namespace
	signer, err := agentcube.NewJWTManager()
	if err != nil {
		return nil, fmt.Errorf("making the Router's key: %w", err)
	}
	if err := signer.TryStoreOrLoadJWTKeySecret(ctx); err != nil {
		return nil, fmt.Errorf("loading the Router's key: %w", err)
	}
	return signer, nil
}
