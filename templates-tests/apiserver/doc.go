// Package apiserver runs a real Kubernetes API server and its etcd on this machine, by envtest,
// with nothing behind them: no nodes, no controllers. What helm sends is validated, defaulted,
// merged and stored as in any cluster, and nothing ever runs.
package apiserver
