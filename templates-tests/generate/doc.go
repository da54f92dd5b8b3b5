// Package generate makes the files of the charts that follow from other files: the
// CustomResourceDefinitions from the Go types of pinned modules; the defaults that templates read,
// the schema of the values and the README from values.yaml; what has changed from the changelog.
package generate
