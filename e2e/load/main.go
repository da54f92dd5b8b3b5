// Command load sends requests at a fixed rate until it is told to stop, whatever becomes of them, and prints a record of each.
//
// The loop is open: a slow answer delays no later request. Nothing is retried, and every request opens a connection of its own, so
// that each of them meets the Service as it is at that moment.
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

	"agentcube-mtls/e2e/observed"
)

func main() {
	url := flag.String("url", "", "what to request")
	expect := flag.Int("expect", http.StatusOK, "the status of a request that was served")
	rate := flag.Int("rate", 20, "requests a second")
	limit := flag.Duration("limit", 30*time.Minute, "stop after this time at the latest")
	timeout := flag.Duration("timeout", 30*time.Second, "how long a request may take")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: *timeout}

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
				record := send(client, *url, *expect)
				printing.Lock()
				defer printing.Unlock()
				if err := records.Encode(record); err != nil {
					fmt.Fprintln(os.Stderr, "load:", err)
				}
			})
		}
	}
}

// send makes one request. It is not bound to the program's context: a request that was begun is also ended.
func send(client *http.Client, url string, expect int) observed.Request {
	record := observed.Request{Sent: time.Now()}
	answer, err := client.Get(url)
	record.Took = time.Since(record.Sent)
	if err != nil {
		record.Failure = err.Error()
		return record
	}
	_ = answer.Body.Close()
	record.Status = answer.StatusCode
	if answer.StatusCode != expect {
		record.Failure = answer.Status
	}
	return record
}
