// Package templatestests proves the charts by rendering them, in process, and reading the objects
// that come out.
//
// What the charts carry in generated form is written by `go generate ./templates-tests`; a test
// says when it must be.
package templatestests

//go:generate go run ./generate/cmd
