// Package mtls turns the certificate files that spiffe-helper writes into TLS configurations that
// follow every rotation, with no more care than AgentCube's own programs take.
//
// The certificate with its key, and the CA file, are read again 200 ms after a change. A pair that
// does not load, or a CA file without a certificate, leaves the old one in use. Nothing else is
// checked: one that has expired, or that another CA has issued, is used, and handshakes fail.
// Established connections are not touched.
package mtls
