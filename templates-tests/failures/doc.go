// Package failures runs Helm's own programs: it interrupts upgrades and requires that each state
// they leave has a way out, and takes releases through their lives with what users put around Helm.
package failures
