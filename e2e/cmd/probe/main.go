// Command probe looks at SPIRE and at a WorkloadManager from inside the cluster and prints what it
// saw, one JSON object a line.
//
//	probe handshake      with the certificate files that a Router has: what a real handshake shows
//	probe watch          the same again and again: each certificate that a side begins to use
//	probe certificate    a file's certificates, as they are
//	probe unauthorized with what unauthorized clients have: how each of them is refused
//	probe identity       what the Workload API answers this pod
//	probe wait           nothing, until the pod ends: others are run in it
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"agentcube-mtls/e2e/record"
)

const (
	probes        = "handshake, watch, certificate, unauthorized, identity, wait"
	exampleSocket = "unix:///run/spire/agent-sockets/spire-agent.sock"
)

// patience bounds a probe that is to end by itself.
const patience = 2 * time.Minute

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("give one of: %s", probes)
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	target := flags.String("target", "", "host:port of the WorkloadManager's mTLS port")
	switch args[0] {
	case "handshake", "watch":
		files := bindFiles(flags)
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		if args[0] == "watch" {
			return watch(*target, *files)
		}
		loaded, err := files.load()
		if err != nil {
			return err
		}
		seen, err := loaded.handshake(ctx, *target)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(seen)
	case "certificate":
		file := flags.String("file", "", "the certificates, PEM")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		content, err := os.ReadFile(*file)
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(content)
		return err
	case "unauthorized":
		s := unauthorizedClient{files: bindFiles(flags)}
		flags.StringVar(&s.plain, "plain", "", "host:port of the WorkloadManager's plain port")
		flags.StringVar(&s.pretend, "pretend", "", "the Router's SPIFFE ID, for certificates that claim it")
		flags.StringVar(&s.socket, "socket", "", "address of the SPIFFE Workload API that gives this pod an SVID of its own, such as "+exampleSocket)
		flags.StringVar(&s.expired, "expired", "", "a certificate with its key, PEM, whose end is waited for")
		flags.StringVar(&s.replayed, "replayed", "", "a certificate, PEM, that is shown without its key")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		s.target = *target
		return s.try(ctx, func(r record.Refusal) error { return json.NewEncoder(os.Stdout).Encode(r) })
	case "identity":
		socket := flags.String("socket", "", "address of the SPIFFE Workload API, such as "+exampleSocket)
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(issued(ctx, *socket))
	case "wait":
		ended := make(chan os.Signal, 1)
		signal.Notify(ended, syscall.SIGTERM)
		<-ended
		return nil
	}
	return fmt.Errorf("unknown probe %q: give one of: %s", args[0], probes)
}
