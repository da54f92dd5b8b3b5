// Package generate makes the files of the charts that follow from other files: the CustomResourceDefinitions from the Go
// types of pinned modules, and the defaults that templates read from values.yaml.
package generate
