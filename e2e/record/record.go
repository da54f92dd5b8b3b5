// Package record holds the types of what the probe and the load generator in a cluster report to
// the harness outside of it.
package record

import "time"

// Handshake is what a TLS connection to a WorkloadManager showed.
type Handshake struct {
	Version string `json:"version"` // such as "TLS 1.3"
	Status  int    `json:"status"`  // of the HTTP answer
	Client  SVID   `json:"client"`
	Server  SVID   `json:"server"`
}

// SVID is the X.509 SVID of one side.
type SVID struct {
	ID        string    `json:"id"`
	Serial    string    `json:"serial"`    // decimal
	Authority string    `json:"authority"` // identifier of the key of the CA that signed it, hexadecimal
	Expires   time.Time `json:"expires"`
}

// Event is something that happened at one moment.
type Event struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

// Certificate is one that a side began to use.
type Certificate struct {
	Since time.Time `json:"since"`
	SVID
}

// AnotherWorkload is the client with a valid certificate of the trust domain, but not the Router's.
const AnotherWorkload = "a valid SVID of another workload"

// Refusal is what became of one attempt of an unauthorized client to reach a WorkloadManager.
type Refusal struct {
	Client  string `json:"client"`
	From    string `json:"from,omitempty"`   // its address and port; empty: nothing listened
	Claims  string `json:"claims,omitempty"` // the SPIFFE ID in its certificate; empty: it showed none
	Refused bool   `json:"refused"`
	How     string `json:"how"` // the error or the answer
}

// Identity is what the Workload API answered a pod: an ID or a refusal.
type Identity struct {
	ID      string `json:"id,omitempty"`
	Refusal string `json:"refusal,omitempty"`
}

// Request is one request of the load generator.
type Request struct {
	Kind    string        `json:"kind"`
	Number  int           `json:"n"` // counted from 0, of those of its kind
	Sent    time.Time     `json:"sent"`
	Took    time.Duration `json:"took"` // nanoseconds
	Status  int           `json:"status"`
	Failure string        `json:"failure,omitempty"` // empty: it was served
}
