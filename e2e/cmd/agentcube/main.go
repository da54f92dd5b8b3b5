// Command agentcube brings up AgentCube with mutual TLS on a kind cluster of its own, checks that
// it works, and removes it again.
//
//	agentcube up       engine, cluster, images, charts, and a table of what was verified
//	agentcube watch    puts the release under load until Ctrl-C, and draws what becomes of it
//	agentcube down     removes the cluster, and stops the engine if up had to start it
//
// The environment variables CLUSTER (default agentcube) and NODES (default 1) say which cluster,
// and of how many nodes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"agentcube-mtls/e2e/environment"
	"agentcube-mtls/e2e/progress"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		message := fmt.Sprintf("\nerror: %v", err)
		if ctx.Err() != nil {
			message = "\nInterrupted. What is complete is kept: `make up` continues from there, `make down` removes it."
		}
		fmt.Fprintln(os.Stderr, message)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("give one command: up, watch or down")
	}
	nodes, err := environment.Nodes(1)
	if err != nil {
		return err
	}
	name := environment.Name()
	log := progress.To(os.Stdout)
	switch args[0] {
	case "up":
		return environment.Up(ctx, log, name, nodes)
	case "watch":
		return environment.Watch(ctx, log, name)
	case "down":
		return environment.Down(ctx, log, name)
	}
	return fmt.Errorf("unknown command %q: give up, watch or down", args[0])
}
