// Package command runs other programs and turns their failures into errors that say what was run
// and what it printed.
package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// tail is how much of a failed program's output an error carries, in bytes: its end is what names
// the fault.
const tail = 4096

// Command is a program to run. The zero values of the optional fields mean: this folder, this
// environment, no input.
type Command struct {
	Args  []string
	Dir   string
	Env   []string // added to this process's environment
	Stdin io.Reader
}

// New returns the command that runs a program with its arguments.
func New(args ...string) Command { return Command{Args: args} }

// In returns the command, to be run in the folder dir.
func (c Command) In(dir string) Command {
	c.Dir = dir
	return c
}

// With returns the command with more environment variables, each written NAME=value.
func (c Command) With(env ...string) Command {
	c.Env = append(append([]string(nil), c.Env...), env...)
	return c
}

// Reading returns the command with its standard input.
func (c Command) Reading(input io.Reader) Command {
	c.Stdin = input
	return c
}

// Run runs the command to its end. A failure's error holds the command line and the end of what it
// printed.
func (c Command) Run(ctx context.Context) error {
	_, err := c.Output(ctx)
	return err
}

// Output runs the command and returns what it printed on its standard output, without the space
// around it.
func (c Command) Output(ctx context.Context) (string, error) {
	var stdout bytes.Buffer
	var both transcript
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Stdin = c.Dir, c.Stdin
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&stdout, &both), &both
	// An interrupted program gets the time to clean up before it is killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return stdout.String(), fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, last(both.String(), tail))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// transcript collects what a program writes to both its outputs, each copied by its own goroutine.
type transcript struct {
	mu      sync.Mutex
	written bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written.String()
}

func last(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return "…" + s[len(s)-n:]
}
