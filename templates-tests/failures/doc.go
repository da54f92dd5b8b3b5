// Package failures interrupts upgrades with Helm's own programs, and requires that each state they
// leave has a way out.
package failures
