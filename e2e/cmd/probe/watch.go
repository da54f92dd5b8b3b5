package main

import (
	"context"
	"encoding/json"
	"os"
	"os/signal"
	"syscall"
	"time"

	"agentcube-mtls/e2e/record"
)

// interval is how often watch looks. Certificates live a minute at least.
const interval = time.Second

// watch repeats the handshake until the pod ends, and prints each certificate that it has not seen
// before, and each failure.
func watch(target string, files certificateFiles) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	output := json.NewEncoder(os.Stdout)
	known := map[string]bool{}
	var last *credentials
	for ; ctx.Err() == nil; _ = pause(ctx, interval) {
		// Files that are being written do not fit together for a moment. Like the programs, the
		// probe then keeps the last ones.
		if now, err := files.load(); err == nil {
			last = now
		}
		if last == nil {
			continue
		}
		seen, err := last.handshake(ctx, target)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			if err := output.Encode(record.Event{At: time.Now(), What: err.Error()}); err != nil {
				return err
			}
			continue
		}
		for _, svid := range []record.SVID{seen.Client, seen.Server} {
			if known[svid.Serial] {
				continue
			}
			known[svid.Serial] = true
			if err := output.Encode(record.Certificate{Since: time.Now(), SVID: svid}); err != nil {
				return err
			}
		}
	}
	return nil
}
