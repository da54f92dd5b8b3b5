package apiserver_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"agentcube-mtls/templates-tests/apiserver"
)

// server is what all tests here use. Those that delete SPIRE's CRDs run alone, before the others.
var server *apiserver.Server

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	debug.SetGCPercent(400)   // helm parses much and keeps little
	log.SetOutput(io.Discard) // helm's library warns of values that are odd on purpose
	var err error
	server, err = apiserver.Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "start an API server:", err)
		return 1
	}
	// helm's client remembers what a server has; the next one may be at the same address.
	_ = os.Setenv("KUBECACHEDIR", filepath.Join(server.Dir, "discovery"))
	code := m.Run()
	server.Stop(code != 0)
	return code
}
