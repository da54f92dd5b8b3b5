// Package guides follows every guide in docs on a living kind cluster: see package guide for how.
package guides
