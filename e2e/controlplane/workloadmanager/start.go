package workloadmanager

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/volcano-sh/agentcube/pkg/store"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"agentcube-mtls/e2e/controlplane/serve"
	"agentcube-mtls/e2e/controlplane/sessions"
)

const (
	drain       = 15 * time.Second // for requests in flight after the stop
	readTimeout = 15 * time.Second // for a request to come in, with its body
)

// Run is the program: it waits for its certificate files, then for its informers, asks its store
// once, and only then listens, until ctx is done.
func Run(ctx context.Context, c *Config, kubernetes *rest.Config, store store.Store) error {
	tlsConfig, err := c.TLS(ctx)
	if err != nil {
		return err
	}
	cluster, controllers, err := Connect(ctx, kubernetes)
	if err != nil {
		return err
	}
	server := New(c, cluster, store, sessions.NewOwners())
	if err := server.SetUpWarmPools(controllers); err != nil {
		return err
	}
	// Requests that are drained need them too.
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	go func() {
		if err := controllers.Start(background); err != nil {
			klog.Exitf("Running informers and controllers: %v", err)
		}
	}()
	go func() { _ = server.awaitRouterKey(background) }() // which ends with the program
	if err := Synced(ctx, controllers.GetCache(), InformerWait); err != nil {
		return err
	}
	if err := sessions.Ping(ctx, store); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+c.Port)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	go server.Sweep(ctx)
	return server.Serve(ctx, listener, tlsConfig)
}

// Serve answers until ctx is done, and then drains.
func (s *Server) Serve(ctx context.Context, listener net.Listener, config *tls.Config) error {
	return serve.HTTP(ctx, listener, s.Handler(), serve.Options{TLS: config, Drain: drain, ReadTimeout: readTimeout})
}
