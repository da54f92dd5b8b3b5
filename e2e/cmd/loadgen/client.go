package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"agentcube-mtls/e2e/record"
)

// sessionHeader names the session of a request, both ways.
const sessionHeader = "x-agentcube-session-id"

const (
	timeout  = time.Minute     // of a request
	patience = 5 * time.Minute // with the first one of a session, for which a sandbox is made
)

type client struct {
	http    *http.Client
	url     string
	expect  int
	says    string // what the body of an answer must say, too
	session string // empty: each request stands for itself
	host    string // the session's sandbox
}

// begin makes a first request, and stays in the session that its answer names and in the sandbox
// that it came from.
func (c *client) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	got, err := c.get(ctx)
	if err != nil {
		return fmt.Errorf("beginning a session: %w", err)
	}
	c.session, c.host = got.session, got.host
	if got.code != c.expect || c.session == "" || c.host == "" {
		return fmt.Errorf("beginning a session: %s, session %q, sandbox %q", got.status, c.session, c.host)
	}
	return nil
}

// send makes one request. It is not bound to the program's context: a request that was begun is
// also ended.
func (c *client) send(number int) record.Request {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	record := record.Request{Number: number, Sent: time.Now(), Session: c.session != ""}
	got, err := c.get(ctx)
	record.Took = time.Since(record.Sent)
	if err == nil {
		record.Status, err = got.code, c.check(got)
	}
	if err != nil {
		record.Failure = err.Error()
	}
	return record
}

// answer is what came back: the status as a code and in full, the session, the host name of the
// sandbox, and the body.
type answer struct {
	code                        int
	status, session, host, body string
}

// get makes one request and reads the answer to its end: one that is cut off is none.
func (c *client) get(ctx context.Context) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return answer{}, err
	}
	if c.session != "" {
		request.Header.Set(sessionHeader, c.session)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Status, response.Header.Get(sessionHeader), hostname(body), string(body)}, err
}

// check says why an answer is not the one that was asked for.
func (c *client) check(got answer) error {
	switch {
	case got.code != c.expect:
		return errors.New(got.status)
	case !strings.Contains(got.body, c.says):
		return fmt.Errorf("%s, and the answer does not say %q: %.200s", got.status, c.says, got.body)
	case c.session == "":
		return nil
	case got.session != c.session:
		return fmt.Errorf("answered by session %q, asked for %q", got.session, c.session)
	case got.host != c.host:
		return fmt.Errorf("answered by the sandbox %q, the session began in %q", got.host, c.host)
	}
	return nil
}

// hostname returns the host name that an agent says in its answer.
func hostname(body []byte) string {
	var agent struct{ Hostname string }
	_ = json.Unmarshal(body, &agent) // whatever else answers says none
	return agent.Hostname
}
