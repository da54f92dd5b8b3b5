package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"agentcube-mtls/e2e/mix"
	"agentcube-mtls/e2e/record"
)

// sessionHeader names the session of a request, both ways.
const sessionHeader = "x-agentcube-session-id"

// patience is for the first request of a session, for which a sandbox is made.
const patience = 5 * time.Minute

type client struct {
	transports    transports
	router        string // its URL
	namespace     string // of the AgentRuntimes
	session, host string // that requests in a session belong to, and its sandbox
}

// transports open a connection for each request, or keep them.
type transports struct{ fresh, kept http.RoundTripper }

// begin makes a first request, and keeps the session that its answer names and the sandbox that it
// comes from.
func (c *client) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	kind, _ := mix.Named(mix.InSessions)
	_, header, err := c.ask(ctx, kind)
	if err != nil {
		return fmt.Errorf("beginning a session: %w", err)
	}
	c.session, c.host = header.Get(sessionHeader), header.Get(mix.HostHeader)
	if c.session == "" || c.host == "" {
		return fmt.Errorf("beginning a session: the answer names session %q, sandbox %q", c.session, c.host)
	}
	return nil
}

// send makes one request. It is not bound to the program's context: a request that has begun is
// completed.
func (c *client) send(kind mix.Kind, number int) record.Request {
	ctx, cancel := context.WithTimeout(context.Background(), limit(kind))
	defer cancel()
	record := record.Request{Kind: kind.Name, Number: number, Sent: time.Now()}
	status, header, err := c.ask(ctx, kind)
	record.Took, record.Status = time.Since(record.Sent), status
	if err == nil {
		err = c.placed(kind, header)
	}
	if err != nil {
		record.Failure = err.Error()
	}
	return record
}

// limit is how long a request may take. No check depends on it.
func limit(kind mix.Kind) time.Duration {
	if kind.Often() {
		return time.Minute
	}
	return 3 * time.Minute // longer than a WorkloadManager waits for a sandbox
}

// ask makes one request, and checks its answer to the end: one that is cut off is an error.
func (c *client) ask(ctx context.Context, kind mix.Kind) (int, http.Header, error) {
	url := fmt.Sprintf("%s/v1/namespaces/%s/agent-runtimes/%s/invocations/%s", c.router, c.namespace, kind.Runtime, kind.Path)
	method, body := http.MethodGet, io.Reader(nil)
	if kind.Upload > 0 {
		method, body = http.MethodPost, mix.Content(kind.Upload)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return 0, nil, err
	}
	request.ContentLength = kind.Upload
	if kind.InSession() && c.session != "" {
		request.Header.Set(sessionHeader, c.session)
	}
	transport := c.transports.fresh
	if kind.Kept {
		transport = c.transports.kept
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != kind.Status {
		says, _ := io.ReadAll(response.Body)
		err = fmt.Errorf("%s: %.200s", response.Status, strings.TrimSpace(string(says)))
	} else {
		err = kind.Check(response.Body)
	}
	return response.StatusCode, response.Header, err
}

// placed returns an error if an answer comes from another session or sandbox than it should.
func (c *client) placed(kind mix.Kind, header http.Header) error {
	session, host := header.Get(sessionHeader), header.Get(mix.HostHeader)
	switch {
	case !kind.Sandbox:
		return nil
	case !kind.InSession() && (session == "" || session == c.session):
		return fmt.Errorf("answered by session %q, asked for a new one", session)
	case kind.InSession() && session != c.session:
		return fmt.Errorf("answered by session %q, asked for %q", session, c.session)
	case kind.InSession() && host != c.host:
		return fmt.Errorf("answered by the sandbox %q, the session began in %q", host, c.host)
	}
	return nil
}
