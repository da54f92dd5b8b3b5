// Command load sends requests at a fixed rate until it is told to stop, whatever becomes of them, and prints a record of each.
//
// The loop is open: a slow answer delays no later request. Nothing is retried, and every request opens a connection of its own, so
// that each of them meets the Service as it is at that moment. With -session, all requests belong to one session, which the answer to
// a first one names.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	url := flag.String("url", "", "what to request")
	expect := flag.Int("expect", http.StatusOK, "the status of a request that was served")
	keep := flag.Bool("session", false, "stay in one session")
	rate := flag.Int("rate", 20, "requests a second")
	limit := flag.Duration("limit", time.Hour, "stop after this time at the latest")
	timeout := flag.Duration("timeout", 30*time.Second, "how long a request may take")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	c := client{
		http:   &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: *timeout},
		url:    *url,
		expect: *expect,
	}
	if *keep {
		session, err := c.begin()
		if err != nil {
			fmt.Fprintln(os.Stderr, "load:", err)
			os.Exit(1)
		}
		c.session = session
	}

	var printing sync.Mutex
	records := json.NewEncoder(os.Stdout)
	var inFlight sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(*rate))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			inFlight.Wait()
			return
		case <-tick.C:
			inFlight.Go(func() {
				record := c.send()
				printing.Lock()
				defer printing.Unlock()
				if err := records.Encode(record); err != nil {
					fmt.Fprintln(os.Stderr, "load:", err)
				}
			})
		}
	}
}
