// Command load sends requests at a fixed rate until it is told to stop, whatever becomes of them,
// and prints a record of each.
//
// The loop is open: a slow answer delays no later request. Nothing is retried, and every request
// opens a connection of its own, so that each of them meets the Service as it is at that moment.
// Requests are numbered, so that one without a record is missed. With -session, all requests belong
// to one session, which the answer to a first one names.
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
	says := flag.String("expect-body", "", "a part of the body of a request that was served")
	keep := flag.Bool("session", false, "stay in one session, whose agent says its host name")
	rate := flag.Int("rate", 20, "requests a second")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := client{
		http:   &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		url:    *url,
		expect: *expect,
		says:   *says,
	}
	if *keep {
		if err := c.begin(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "load:", err)
			os.Exit(1)
		}
	}

	var printing sync.Mutex
	records := json.NewEncoder(os.Stdout)
	var inFlight sync.WaitGroup
	pace(ctx, time.Second/time.Duration(*rate), func(number int) {
		inFlight.Go(func() {
			record := c.send(number)
			printing.Lock()
			defer printing.Unlock()
			if err := records.Encode(record); err != nil {
				fmt.Fprintln(os.Stderr, "load:", err)
			}
		})
	})
	inFlight.Wait()
}

// pace calls do with 0, 1, 2, … once an interval until ctx is done. What a busy machine holds up is
// made up for: a ticker would drop it, and nobody would see that it was never sent.
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
