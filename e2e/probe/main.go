// Command probe connects to a WorkloadManager from inside the cluster and prints what it saw, one JSON object a line.
//
//	probe handshake    with the certificate files that a Router has: what a real handshake shows
//	probe watch        the same again and again: each certificate that a side begins to use
//	probe strangers    with what strangers have: how each of them is refused
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

// patience bounds the whole of a probe.
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
		return fmt.Errorf("give one of: handshake, watch, strangers")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	target := flags.String("target", "", "host:port of the WorkloadManager's mTLS port")
	switch args[0] {
	case "handshake", "watch":
		files := certificateFiles{}
		flags.StringVar(&files.cert, "cert", "", "the certificate chain, PEM")
		flags.StringVar(&files.key, "key", "", "the private key, PEM")
		flags.StringVar(&files.ca, "ca", "", "the trust bundle, PEM")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		if args[0] == "watch" {
			return watch(*target, files)
		}
		seen, err := handshake(ctx, *target, files)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(seen)
	case "strangers":
		socket := flags.String("socket", "", "address of the SPIFFE Workload API, such as unix:///run/spire/agent-sockets/spire-agent.sock")
		plain := flags.String("plain", "", "host:port of the WorkloadManager's plain port")
		pretend := flags.String("pretend", "", "the SPIFFE ID that a certificate of another CA claims")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		attempts, err := strangers(ctx, *target, *plain, *socket, *pretend)
		if err != nil {
			return err
		}
		for _, a := range attempts {
			if err := json.NewEncoder(os.Stdout).Encode(a.try(ctx)); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("unknown probe %q: give one of: handshake, watch, strangers", args[0])
}
