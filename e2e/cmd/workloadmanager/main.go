// Command workloadmanager runs AgentCube's WorkloadManager. See package
// workloadmanager.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/volcano-sh/agentcube/pkg/store"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

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
	cluster, err := rest.InClusterConfig()
	if err != nil {
		return fmt.Errorf("reading in-cluster configuration: %w", err)
	}
	return workloadmanager.Run(ctx, config, cluster, store.Storage())
}
