// Package serve runs an HTTP server as both programs need it: HTTP/1.1 and HTTP/2 with or without
// TLS, failed handshakes in the log, and as much time for requests in flight as the program gives
// them when it is told to stop.
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

// Options say how a program serves.
type Options struct {
	TLS         *tls.Config   // nil serves HTTP/1.1 and HTTP/2 in clear text (h2c)
	Drain       time.Duration // for requests in flight after the stop; 0 cuts them
	ReadTimeout time.Duration // for a whole request with its body; 0 is no limit
}

// HTTP serves the listener until ctx is done. Then it closes the listener and, once the drain is
// over or nothing is in flight, every connection. The error is nil after a stop, also where
// something was cut.
func HTTP(ctx context.Context, listener net.Listener, handler http.Handler, o Options) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(o.TLS == nil)
	refused := new(refusals)
	server := &http.Server{
		Handler:           handler,
		TLSConfig:         o.TLS,
		Protocols:         protocols,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       o.ReadTimeout,
		IdleTimeout:       90 * time.Second,
		ErrorLog:          log.New(refused, "", 0),
		ConnState:         refused.track,
	}

	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stopped <- stop(context.WithoutCancel(ctx), server, o.Drain)
	}()

	klog.Infof("Listening on %s", listener.Addr())
	var err error
	if o.TLS != nil {
		err = server.ServeTLS(listener, "", "")
	} else {
		err = server.Serve(listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving %s: %w", listener.Addr(), err)
	}
	if err := <-stopped; err != nil {
		return fmt.Errorf("closing connections: %w", err)
	}
	return nil
}

// stop ends the server, and cuts what is in flight when the drain is over.
func stop(ctx context.Context, server *http.Server, drain time.Duration) error {
	if drain > 0 {
		klog.Infof("Stopping: requests in flight have %s", drain)
		limited, cancel := context.WithTimeout(ctx, drain)
		defer cancel()
		if err := server.Shutdown(limited); err == nil {
			return nil
		}
	}
	klog.Info("Stopping: cutting what is in flight")
	return server.Close()
}

// WithoutHead answers HEAD with 404, as AgentCube's programs do: http.ServeMux would take it for
// GET.
func WithoutHead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// JSON answers with this status and body. A client that has gone away is no error of the server's,
// so nothing is returned.
func JSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		klog.V(4).Infof("Writing response: %v", err)
	}
}
