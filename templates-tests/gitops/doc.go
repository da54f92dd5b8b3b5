// Package gitops follows docs/gitops.md on an API server of its own.
package gitops
