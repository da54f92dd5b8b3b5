package router

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"k8s.io/klog/v2"
)

// Late begins what the Router logs of a sandbox that it reached within its own limit, and not within
// AgentCube's.
const Late = "AgentCube's Router would have answered 504: "

// dial connects to a sandbox once, within the limit, to see whether the request can be sent there.
func (s *Server) dial(ctx context.Context, target *url.URL) error {
	began := time.Now()
	conn, err := s.connect(ctx, "tcp", target.Host)
	if err != nil {
		return fmt.Errorf("dialing sandbox: %w", err)
	}
	if took := time.Since(began); took > defaultDialTimeout {
		klog.Errorf("%s%s accepted after %s", Late, target.Host, took)
	}
	if err := conn.Close(); err != nil {
		klog.V(4).Infof("Closing the first connection to %s: %v", target.Host, err)
	}
	return nil
}

// unreachable is the status and message for a sandbox that did not answer: 502 where nothing
// listens, 504 where time ran out, 503 otherwise.
func unreachable(err error) (int, string) {
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return http.StatusBadGateway, "sandbox unreachable"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return http.StatusGatewayTimeout, "sandbox timeout"
	default:
		return http.StatusServiceUnavailable, "sandbox unreachable"
	}
}
