// Command workloadmanager runs AgentCube's WorkloadManager. See package
// workloadmanager.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/volcano-sh/agentcube/pkg/store"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/e2e/controlplane/mtls"
	"agentcube-mtls/e2e/controlplane/serve"
	"agentcube-mtls/e2e/controlplane/workloadmanager"
)

func main() {
	klog.InitFlags(nil)
	config := workloadmanager.BindFlags(flag.CommandLine)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, config); err != nil {
		klog.Exitf("WorkloadManager: %v", err)
	}
}

func run(ctx context.Context, config *workloadmanager.Config) error {
	if err := config.Complete(); err != nil {
		return err
	}
	cluster, err := connect()
	if err != nil {
		return err
	}
	tlsConfig, err := config.TLS(ctx, mtls.FileWait)
	if err != nil {
		return err
	}
	server := workloadmanager.New(config, cluster, store.Storage())
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+config.Port)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	go server.Sweep(ctx)
	return serve.HTTP(ctx, listener, server.Handler(), serve.Options{TLS: tlsConfig, Drain: 15 * time.Second})
}

// connect returns a client of the cluster that the pod runs in. It caches
// nothing: a runtime that was just created is found, and no Secret is watched.
func connect() (client.WithWatch, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, fmt.Errorf("reading in-cluster configuration: %w", err)
	}
	config.QPS, config.Burst = 50, 100
	scheme, err := workloadmanager.Scheme()
	if err != nil {
		return nil, err
	}
	cluster, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("making Kubernetes client: %w", err)
	}
	return cluster, nil
}
