// Package templatestests tests the charts: it renders them in process, and checks the objects.
//
// `go generate ./templates-tests` writes the generated files of the charts; a test fails if they
// are out of date.
package templatestests

//go:generate go run ./generate/cmd
