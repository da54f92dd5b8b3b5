// Package guides follows every guide in docs on a running kind cluster: see package guide for how.
package guides
