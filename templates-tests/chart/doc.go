// Package chart loads the charts of this repository, once, and renders them as helm does, into
// typed objects.
package chart
