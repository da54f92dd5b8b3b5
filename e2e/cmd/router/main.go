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
	"k8s.io/klog/v2"

	"agentcube-mtls/e2e/controlplane/router"
	"agentcube-mtls/e2e/controlplane/sessions"
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
	store, err := sessions.Open(ctx)
	if err != nil {
		return err
	}
	signer, err := loadSigner(ctx)
	if err != nil {
		return err
	}
	server, err := router.New(ctx, config, store, sessions.NewOwners(), signer)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+config.Port)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	return server.Serve(ctx, listener)
}

// loadSigner reads the key by which sandboxes recognize the Router from its Secret, or creates
// both.
func loadSigner(ctx context.Context) (*agentcube.JWTManager, error) {
	signer, err := agentcube.NewJWTManager()
	if err != nil {
		return nil, fmt.Errorf("making the Router's key: %w", err)
	}
	if err := signer.TryStoreOrLoadJWTKeySecret(ctx); err != nil {
		return nil, fmt.Errorf("loading the Router's key: %w", err)
	}
	return signer, nil
}
