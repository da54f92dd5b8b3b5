package router

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"

	"k8s.io/klog/v2"
)

// dial connects to a sandbox once, within the limit, to see whether the request can be sent there.
func (s *Server) dial(ctx context.Context, target *url.URL) error {
	conn, err := (&net.Dialer{Timeout: s.config.DialTimeout}).DialContext(ctx, "tcp", target.Host)
	if err != nil {
		return fmt.Errorf("dialing sandbox: %w", err)
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
