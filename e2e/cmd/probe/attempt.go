package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"agentcube-mtls/e2e/record"
)

// silence is how long the client waits for a refusal, which follows the handshake at once.
const silence = 3 * time.Second

// attempt is one way in which an unauthorized client tries to be served.
type attempt struct {
	client  string
	address string      // host:port
	config  *tls.Config // nil for plain HTTP
	claims  string      // the SPIFFE ID in its certificate, if it shows one
}

func (a attempt) make(ctx context.Context) record.Refusal {
	refusal := record.Refusal{Client: a.client, Claims: a.claims}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", a.address)
	if err != nil {
		// A port that nothing listens on lets nobody in. Any other failure, such as a name that
		// does not resolve, is no refusal.
		refusal.Refused, refusal.How = errors.Is(err, syscall.ECONNREFUSED), err.Error()
		return refusal
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline() // without one, the zero time sets none
	if err := conn.SetDeadline(deadline); err != nil {
		refusal.How = err.Error()
		return refusal
	}
	refusal.From = conn.LocalAddr().String()
	over := a.overTLS
	if a.config == nil {
		over = overHTTP
	}
	refusal.Refused, refusal.How = over(ctx, conn)
	return refusal
}

// overHTTP asks in plain text. A Go server answers 400 on a TLS port; any other answer means that
// the request was served.
func overHTTP(ctx context.Context, conn net.Conn) (bool, string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+conn.RemoteAddr().String()+"/health", nil)
	if err != nil {
		return false, err.Error()
	}
	if err := request.Write(conn); err != nil {
		return false, err.Error()
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return false, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 200))
	return response.StatusCode == http.StatusBadRequest, fmt.Sprintf("%s %s", response.Status, bytes.TrimSpace(body))
}

// overTLS completes a handshake and reads. In TLS 1.3 the client's part ends before the server has
// looked at its certificate, so that a refusal comes as an alert to the first read.
func (a attempt) overTLS(ctx context.Context, conn net.Conn) (bool, string) {
	secure := tls.Client(conn, a.config)
	err := secure.HandshakeContext(ctx)
	if err == nil {
		if err = conn.SetReadDeadline(time.Now().Add(silence)); err == nil {
			_, err = secure.Read(make([]byte, 1))
		}
	}
	var failure *net.OpError
	if errors.As(err, &failure) && failure.Op == "remote error" {
		return true, err.Error()
	}
	return false, fmt.Sprintf("no alert from the server, but: %v", err)
}
