// Command agent is the smallest agent that an AgentRuntime can run: it answers every request with
// what it received, so that tests can tell what the Router sent. Those of a load get the answers
// that they ask for.
package main

import (
	"context"
	"flag"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/klog/v2"

	"agentcube-mtls/e2e/controlplane/serve"
	"agentcube-mtls/e2e/mix"
)

// drain is less than the 30 s that Kubernetes gives a pod to end.
const drain = 25 * time.Second

// seen is the answer to every request.
type seen struct {
	Path       string      `json:"path"`
	Method     string      `json:"method"`
	Headers    http.Header `json:"headers"`    // without Authorization
	Authorized bool        `json:"authorized"` // whether Authorization was set
	Hostname   string      `json:"hostname"`
}

func main() {
	port := flag.String("port", "8080", "port to listen on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	hostname, err := os.Hostname()
	if err != nil {
		klog.Exitf("Reading hostname: %v", err)
	}
	echo := func(w http.ResponseWriter, r *http.Request) {
		authorized := r.Header.Get("Authorization") != ""
		r.Header.Del("Authorization") // do not show the token
		serve.JSON(w, http.StatusOK, seen{r.URL.Path, r.Method, r.Header, authorized, hostname})
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+*port)
	if err != nil {
		klog.Exitf("Listening: %v", err)
	}
	if err := serve.HTTP(ctx, listener, mix.Agent(hostname, http.HandlerFunc(echo)), serve.Options{Drain: drain}); err != nil {
		klog.Exit(err)
	}
}
