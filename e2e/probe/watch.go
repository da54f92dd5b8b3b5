package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"agentcube-mtls/e2e/observed"
)

// interval is how often watch looks. Certificates live a minute at least.
const interval = time.Second

// watch shakes hands again and again, until the pod ends, and prints each certificate that it has not seen before.
func watch(target string, files certificateFiles) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	known := map[string]bool{}
	for {
		// A failed handshake shows no certificate. Requests, not this, tell whether the release works.
		if seen, err := handshake(ctx, target, files); err != nil {
			fmt.Fprintln(os.Stderr, "probe:", err)
		} else {
			for _, svid := range []observed.SVID{seen.Client, seen.Server} {
				if known[svid.Serial] {
					continue
				}
				known[svid.Serial] = true
				if err := json.NewEncoder(os.Stdout).Encode(observed.Certificate{Since: time.Now(), SVID: svid}); err != nil {
					return err
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(interval):
		}
	}
}
