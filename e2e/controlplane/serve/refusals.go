package serve

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"k8s.io/klog/v2"
)

// refusals passes net/http's messages on to klog as they are. Of a client that was refused it also
// says who its certificate says it is, where it showed one.
type refusals struct {
	// net/http tells only the address of a connection whose handshake failed; its certificate is
	// looked up here.
	pending sync.Map // connections before their first request, by remote address
}

// track is a hook for http.Server's ConnState.
func (r *refusals) track(conn net.Conn, state http.ConnState) {
	if state == http.StateNew {
		r.pending.Store(conn.RemoteAddr().String(), conn)
	} else {
		r.pending.Delete(conn.RemoteAddr().String())
	}
}

// Write takes one message of net/http.
func (r *refusals) Write(line []byte) (int, error) {
	message := strings.TrimSpace(string(line))
	klog.Error(message)
	if failure, handshake := strings.CutPrefix(message, "http: TLS handshake error from "); handshake {
		peer, reason, _ := strings.Cut(failure, ": ")
		if !hungUp(reason) {
			klog.Warningf("Refused connection from %s: %s%s", peer, r.claim(peer), reason)
		}
	}
	return len(line), nil
}

// hungUp reports whether a client closed the connection without a word, as a TCP probe does: nobody
// was refused then.
func hungUp(reason string) bool {
	return reason == "EOF" || strings.HasSuffix(reason, "connection reset by peer")
}

// claim says whose certificate the peer showed, proved or not.
func (r *refusals) claim(peer string) string {
	conn, _ := r.pending.Load(peer)
	secure, ok := conn.(*tls.Conn)
	if !ok {
		return ""
	}
	shown := secure.ConnectionState().PeerCertificates
	if len(shown) == 0 {
		return ""
	}
	id, err := x509svid.IDFromCert(shown[0])
	if err != nil {
		return fmt.Sprintf("certificate of %q: ", shown[0].Subject)
	}
	return fmt.Sprintf("certificate of %s: ", id)
}
