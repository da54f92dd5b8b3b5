// Package mtls turns the certificate files that spiffe-helper writes into TLS
// configurations that follow every rotation.
//
// A Source reads certificate, key and trust bundle together and offers them to
// go-spiffe. It swaps all three at once and only when they belong together, so
// a handshake never sees a certificate beside another certificate's key. Files
// that make no sense (half written, expired, of another CA) leave the last good
// set in use and are logged. Established connections are not touched.
package mtls
