// Package templatestests tests the charts: it renders them in process, and checks the objects.
//
// `go generate ./templates-tests` writes the generated files of the charts; a test fails if they
// are out of date.
//
// The packages below it:
//
//	chart     loads and renders the charts, in process
//	generate  writes the generated files of the charts
//	openapi   JSON schemas of Kubernetes' own API
//	odd       unusual values of every key, judged by an API server and by SPIRE
//	apiserver a real API server without nodes, and tests of helm on it
//	failures  failed upgrades with several versions of helm, and the ways back
//	gitops    follows docs/gitops.md
//	docslint  compares what the docs say with what there is
package templatestests

//go:generate go run ./generate/cmd
