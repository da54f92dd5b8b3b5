// Command agentcube brings up AgentCube with mutual TLS on a kind cluster of its own, checks that it works, and removes it again.
//
//	agentcube up       engine, cluster, images, charts, and a table of what was verified
//	agentcube down     removes the cluster, and the engine if up had to start it
//
// The environment variables CLUSTER (default agentcube) and NODES (default 1) say which cluster, and of how many nodes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
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
			message = "\nInterrupted. What was whole is kept: `make up` goes on from there, `make down` removes it."
		}
		fmt.Fprintln(os.Stderr, message)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("give one command: up or down")
	}
	name, nodes, err := settings()
	if err != nil {
		return err
	}
	log := progress.To(os.Stdout)
	switch args[0] {
	case "up":
		return environment.Up(ctx, log, name, nodes)
	case "down":
		return environment.Down(ctx, log, name)
	}
	return fmt.Errorf("unknown command %q: give up or down", args[0])
}

// settings returns the name of the cluster and how many nodes it has, from the environment.
func settings() (string, int, error) {
	name, nodes := "agentcube", 1
	if value := os.Getenv("CLUSTER"); value != "" {
		name = value
	}
	if value := os.Getenv("NODES"); value != "" {
		var err error
		if nodes, err = strconv.Atoi(value); err != nil || nodes < 1 {
			return "", 0, fmt.Errorf("NODES=%s: give a whole number of nodes, 1 or more", value)
		}
	}
	return name, nodes, nil
}
