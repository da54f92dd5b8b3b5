package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/mix"
	"agentcube-mtls/e2e/record"
)

// invoking returns a client of a server with this handler.
func invoking(t *testing.T, handler http.HandlerFunc) *client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	transport := server.Client().Transport
	return &client{transports: transports{transport, transport}, router: server.URL, namespace: "agentcube"}
}

func named(t *testing.T, name string) mix.Kind {
	t.Helper()
	kind, known := mix.Named(name)
	require.True(t, known)
	return kind
}

// Only the expected status is served.
func TestStatus(t *testing.T) {
	t.Parallel()
	c := invoking(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no sandbox", http.StatusInternalServerError)
	})
	assert.Equal(t, "500 Internal Server Error: no sandbox", c.send(named(t, mix.Calls), 7).Failure)
	require.ErrorContains(t, c.begin(t.Context()), "beginning a session: 500 Internal Server Error")
}

// A 404 that does not name the runtime is not the WorkloadManager's.
func TestAnswerOfAnother(t *testing.T) {
	t.Parallel()
	says := "404 page not found"
	c := invoking(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, says, http.StatusNotFound) })
	assert.Contains(t, c.send(named(t, mix.Calls), 0).Failure, `the answer does not say "nobody": 404 page not found`)
	says = `AgentRuntime "nobody" not found`
	assert.Empty(t, c.send(named(t, mix.Calls), 0).Failure)
}

// A server that is gone serves nothing.
func TestServerGone(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	c := &client{transports: transports{fresh: server.Client().Transport}, router: server.URL}
	server.Close()
	assert.Contains(t, c.send(named(t, mix.Calls), 0).Failure, "connection refused")
	c.router = "://"
	assert.Contains(t, c.send(named(t, mix.Calls), 0).Failure, "missing protocol scheme")
}

// A session that leaves its sandbox is not served.
func TestSessionLeavesItsSandbox(t *testing.T) {
	t.Parallel()
	session, host := "one", ""
	c := invoking(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(sessionHeader, session)
		mix.Agent(host, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
	})
	require.ErrorContains(t, c.begin(t.Context()), `the answer names session "one", sandbox ""`)
	host, c.session = "here", ""
	require.NoError(t, c.begin(t.Context()))
	inSession := named(t, mix.InSessions)
	assert.Empty(t, c.send(inSession, 0).Failure)
	host = "elsewhere"
	assert.Equal(t, `answered by the sandbox "elsewhere", the session began in "here"`, c.send(inSession, 0).Failure)
	session = "another"
	assert.Equal(t, `answered by session "another", asked for "one"`, c.send(inSession, 0).Failure)
	creation := named(t, "creations")
	assert.Empty(t, c.send(creation, 0).Failure)
	for _, session = range []string{"", "one"} {
		assert.Equal(t, fmt.Sprintf("answered by session %q, asked for a new one", session), c.send(creation, 0).Failure)
	}
}

func TestWhatWasHeldUpIsMadeUpFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 950*time.Millisecond)
		defer cancel()
		var numbers []int
		pace(ctx, 100*time.Millisecond, func(number int) {
			if number == 2 {
				time.Sleep(500 * time.Millisecond)
			}
			numbers = append(numbers, number)
		})
		assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, numbers)
	})
}

// counted counts how often somebody writes to it.
type counted struct {
	bytes.Buffer
	writes int
}

func (c *counted) Write(p []byte) (int, error) {
	c.writes++
	return c.Buffer.Write(p)
}

// For half a minute, requests are sent as often as the table says, even while others take long.
// Those that are still in progress at the end are served. Records are printed once a second.
func TestRunSendsEachKindAtItsRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := wire(t, route)
		c.session, c.host = "", ""
		ctx, cancel := context.WithTimeout(t.Context(), 29900*time.Millisecond)
		defer cancel()
		var printed counted
		var names []string
		for _, kind := range mix.Whole() {
			names = append(names, kind.Name)
		}
		require.NoError(t, run(ctx, c, names, &printed))
		assert.LessOrEqual(t, printed.writes, 30, "writes of records in half a minute")
		sent := map[string]int{}
		for records := json.NewDecoder(&printed); records.More(); {
			var request record.Request
			require.NoError(t, records.Decode(&request))
			assert.Empty(t, request.Failure, request.Kind)
			sent[request.Kind]++
		}
		assert.Equal(t, map[string]int{
			"calls": 150, "in sessions": 150, "calls on kept connections": 60, "in sessions on kept connections": 60,
			"slow answers": 6, "streams": 5, "uploads": 8, "downloads": 8, "creations": 2,
		}, sent)
	})
}

func TestRunRejects(t *testing.T) {
	t.Parallel()
	c := invoking(t, http.NotFound)
	var printed strings.Builder
	require.EqualError(t, run(t.Context(), c, []string{mix.Calls, "guesses"}, &printed), `there are no requests "guesses"`)
	require.ErrorContains(t, run(t.Context(), c, []string{mix.InSessions}, &printed), "beginning a session: 404 Not Found")
	assert.Empty(t, printed.String())
}
