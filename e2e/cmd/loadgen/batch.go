package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"agentcube-mtls/e2e/record"
)

// batch prints the records of each second at once: with every write to a log that somebody follows,
// the kubelet asks the container runtime whether the container still runs.
type batch struct {
	output io.Writer
	mu     sync.Mutex // guards what follows
	lines  bytes.Buffer
}

func (b *batch) add(r record.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := json.NewEncoder(&b.lines).Encode(r); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
	}
}

// print writes the records of each second until the context ends.
func (b *batch) print(ctx context.Context) {
	for second := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			return
		case <-second.C:
			if err := b.flush(); err != nil {
				fmt.Fprintln(os.Stderr, "load:", err)
			}
		}
	}
}

func (b *batch) flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, err := b.lines.WriteTo(b.output)
	return err
}
