// Command setup installs what `make test` needs beside Go, git and make: as root on Debian with
// apt-get; elsewhere it fails, and names what to install.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"agentcube-mtls/e2e/platform/engine"
	"agentcube-mtls/e2e/progress"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := engine.EnsureTestTools(ctx, progress.To(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1)
	}
}
