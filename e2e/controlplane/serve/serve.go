// Package serve runs an HTTP server as both programs need it: HTTP/1.1 and
// HTTP/2 with or without TLS, refused handshakes in the log, and requests in
// flight finished before it stops.
package serve

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"k8s.io/klog/v2"
)

// drainTime is how long requests in flight may take after the stop signal. It
// is less than the 30 s that Kubernetes gives a pod to end.
const drainTime = 25 * time.Second

// HTTP serves the listener until ctx is done, then finishes what is in flight.
// Without a TLS configuration it speaks HTTP/2 in clear text (h2c) too. The
// error is nil after an orderly stop.
func HTTP(ctx context.Context, listener net.Listener, handler http.Handler, config *tls.Config) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(config == nil)
	refused := new(refusals)
	server := &http.Server{
		Handler:           handler,
		TLSConfig:         config,
		Protocols:         protocols,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       90 * time.Second,
		ErrorLog:          log.New(refused, "", 0),
		ConnState:         refused.track,
	}

	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		klog.Info("Stopping: finishing requests in flight")
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		stopped <- server.Shutdown(drain)
	}()

	klog.Infof("Listening on %s", listener.Addr())
	var err error
	if config != nil {
		err = server.ServeTLS(listener, "", "")
	} else {
		err = server.Serve(listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving %s: %w", listener.Addr(), err)
	}
	if err := <-stopped; err != nil {
		return fmt.Errorf("finishing requests in flight: %w", err)
	}
	return nil
}

// JSON answers with this status and body. A client that has gone away is no
// error of the server's, so nothing is returned.
func JSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		klog.V(4).Infof("Writing response: %v", err)
	}
}
