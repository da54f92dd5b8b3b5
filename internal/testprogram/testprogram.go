// Package testprogram runs the main function of a package in a process of its own, from the tests of
// that package: the binary of the tests is run again.
package testprogram

import (
	"context"
	"os"
	"os/exec"
	"testing"
)

// variable is set in a process that is the program.
const variable = "RUN_AS_PROGRAM"

// Main is the body of a TestMain. It runs the program if Command has started this process, and the
// tests otherwise.
func Main(m *testing.M, program func()) {
	if os.Getenv(variable) != "" {
		program()
		return
	}
	os.Exit(m.Run())
}

// Command returns the program with these arguments and no environment but the given one, each
// variable written NAME=value.
func Command(ctx context.Context, args, environment []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append([]string{variable + "=yes"}, environment...)
	return cmd
}
