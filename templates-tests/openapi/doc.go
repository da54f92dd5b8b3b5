// Package openapi makes JSON schemas, as kubeconform reads them, of Kubernetes' own API
// description, which lies in the module of Kubernetes. No network is needed beyond the module
// proxy.
package openapi
