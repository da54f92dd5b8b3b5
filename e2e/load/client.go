package main

import (
	"fmt"
	"net/http"
	"time"

	"agentcube-mtls/e2e/observed"
)

// sessionHeader names the session of a request, both ways.
const sessionHeader = "x-agentcube-session-id"

type client struct {
	http    *http.Client
	url     string
	expect  int
	session string // empty: each request stands for itself
}

// begin makes a first request and returns the session that its answer names.
func (c client) begin() (string, error) {
	answer, err := c.http.Get(c.url)
	if err != nil {
		return "", fmt.Errorf("beginning a session: %w", err)
	}
	_ = answer.Body.Close()
	session := answer.Header.Get(sessionHeader)
	if answer.StatusCode != c.expect || session == "" {
		return "", fmt.Errorf("beginning a session: %s, session %q", answer.Status, session)
	}
	return session, nil
}

// send makes one request. It is not bound to the program's context: a request that was begun is also ended.
func (c client) send() observed.Request {
	record := observed.Request{Sent: time.Now(), Session: c.session != ""}
	request, err := http.NewRequest(http.MethodGet, c.url, nil)
	if err != nil {
		record.Failure = err.Error()
		return record
	}
	if c.session != "" {
		request.Header.Set(sessionHeader, c.session)
	}
	answer, err := c.http.Do(request)
	record.Took = time.Since(record.Sent)
	if err != nil {
		record.Failure = err.Error()
		return record
	}
	_ = answer.Body.Close()
	record.Status = answer.StatusCode
	switch session := answer.Header.Get(sessionHeader); {
	case answer.StatusCode != c.expect:
		record.Failure = answer.Status
	case session != c.session && c.session != "":
		record.Failure = fmt.Sprintf("answered by session %q, asked for %q", session, c.session)
	}
	return record
}
