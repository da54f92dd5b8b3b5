package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// invoking returns a client of a server that answers so.
func invoking(t *testing.T, handler http.HandlerFunc) *client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &client{http: server.Client(), url: server.URL, expect: http.StatusOK}
}

func TestAnAnswerThatIsCutOffIsNotServed(t *testing.T) {
	t.Parallel()
	c := invoking(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = fmt.Fprint(w, "the beginning")
	})
	record := c.send(7)
	assert.Contains(t, record.Failure, "unexpected EOF")
	assert.Equal(t, 7, record.Number)
}

func TestOnlyTheExpectedStatusIsServed(t *testing.T) {
	t.Parallel()
	c := invoking(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	assert.Equal(t, "404 Not Found", c.send(0).Failure)
	c.expect = http.StatusNotFound
	assert.Empty(t, c.send(0).Failure)
}

// A 404 of somebody else is no answer of the WorkloadManager, which names the runtime that it does
// not know.
func TestAnswerThatDoesNotSayItIsNotServed(t *testing.T) {
	t.Parallel()
	says := "404 page not found"
	c := invoking(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, says, http.StatusNotFound) })
	c.expect, c.says = http.StatusNotFound, "nobody"
	assert.Contains(t, c.send(0).Failure, `404 Not Found, and the answer does not say "nobody"`)
	says = `AgentRuntime "nobody" not found`
	assert.Empty(t, c.send(0).Failure)
}

func TestASessionThatLeavesItsSandboxIsNotServed(t *testing.T) {
	t.Parallel()
	session, host := "one", "here"
	c := invoking(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(sessionHeader, session)
		_, _ = fmt.Fprintf(w, `{"hostname": %q}`, host)
	})
	require.NoError(t, c.begin(t.Context()))
	assert.Empty(t, c.send(0).Failure)
	host = "elsewhere"
	assert.Equal(t, `answered by the sandbox "elsewhere", the session began in "here"`, c.send(0).Failure)
	session = "another"
	assert.Equal(t, `answered by session "another", asked for "one"`, c.send(0).Failure)
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
