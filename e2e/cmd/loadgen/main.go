// Command loadgen sends requests of some kinds, each at a fixed rate, until it is told to stop,
// whatever their outcome, and prints a record of each. Its arguments name the kinds.
//
// The loop is open: a slow answer delays no later request. Nothing is retried, and where a kind
// does not keep connections, each request opens one of its own, so that it meets the Service as it
// is at that moment. Requests are numbered, so that a missing record is noticed. All requests in
// sessions belong to one, which the answer to a first request names.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"agentcube-mtls/e2e/mix"
)

func main() {
	router := flag.String("router", "", "URL of the Router")
	namespace := flag.String("namespace", "", "namespace of the AgentRuntimes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &client{
		transports: transports{fresh: &http.Transport{DisableKeepAlives: true}, kept: &http.Transport{}},
		router:     *router,
		namespace:  *namespace,
	}
	if err := run(ctx, c, flag.Args(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// run sends requests of the kinds of some names until ctx is done, and writes the records.
func run(ctx context.Context, c *client, names []string, output io.Writer) error {
	var kinds []mix.Kind
	for _, name := range names {
		kind, known := mix.Named(name)
		if !known {
			return fmt.Errorf("there are no requests %q", name)
		}
		kinds = append(kinds, kind)
	}
	if slices.ContainsFunc(kinds, mix.Kind.InSession) {
		if err := c.begin(ctx); err != nil {
			return err
		}
	}
	records := &batch{output: output}
	var working sync.WaitGroup
	for _, kind := range kinds {
		working.Go(func() {
			pace(ctx, kind.Every, func(number int) {
				working.Go(func() { records.add(c.send(kind, number)) })
			})
		})
	}
	go records.print(ctx)
	working.Wait()
	return records.flush()
}

// pace calls do with 0, 1, 2, … once an interval until ctx is done. Calls that a busy machine
// delays are made late: a ticker would drop them, and nobody would see that they were never made.
func pace(ctx context.Context, interval time.Duration, do func(number int)) {
	began := time.Now()
	for number := 0; ; number++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(began.Add(time.Duration(number) * interval))):
			do(number)
		}
	}
}
