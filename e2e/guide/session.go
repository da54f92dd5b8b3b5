package guide

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// session is a bash that runs one block after the other.
type session struct {
	shell  *exec.Cmd
	input  io.WriteCloser
	done   *bufio.Reader // one line for each block that has ended
	dir    string        // holds the blocks and what they print
	blocks int
}

// prepare records the commands that fail, with their line. A block's own failures must not end the session.
const prepare = `
trap 'printf "%s\t%s\n" "$LINENO" "$BASH_COMMAND" >&4' ERR
`

// dryRun has helm and kubectl say what they would do.
const dryRun = `
helm() { command helm "$@" --dry-run=server; }
kubectl() { command kubectl "$@" --dry-run=server; }
`

// start starts a session in a directory, with more environment variables.
func start(ctx context.Context, dir string, env []string) (*session, error) {
	scratch, err := os.MkdirTemp("", "guide-")
	if err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = write.Close() }()
	shell := exec.CommandContext(ctx, "bash", "--noprofile", "--norc")
	shell.Dir, shell.Env = dir, append(os.Environ(), env...)
	shell.ExtraFiles = []*os.File{write} // descriptor 3
	// With a group of its own, the session's background jobs end with it.
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	input, err := shell.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := shell.Start(); err != nil {
		return nil, fmt.Errorf("starting bash: %w", err)
	}
	_, err = io.WriteString(input, prepare)
	return &session{shell: shell, input: input, done: bufio.NewReader(read), dir: scratch}, err
}

// result is what became of a block.
type result struct {
	output string
	failed string // the first command that failed: its line in the block, a tab, and the command's first line; empty if none did
}

// run runs a block and returns what it printed. What it leaves running in the background must not print: nobody could say when.
func (s *session) run(commands string, dry bool) (result, error) {
	s.blocks++
	file := func(kind string) string { return filepath.Join(s.dir, fmt.Sprintf("%d.%s", s.blocks, kind)) }
	open, end := "{", "}"
	if dry {
		open, end = "( set -E", ")" // a subshell, which forgets what helm and kubectl mean in it
		open += dryRun
	}
	if err := os.WriteFile(file("sh"), []byte(commands), 0o600); err != nil {
		return result{}, err
	}
	// Descriptor 3 stays the session's own: a background job that held it would never let go.
	_, err := fmt.Fprintf(s.input, "%s\n. %s\n%s </dev/null >%s 2>&1 3>&- 4>%s\necho >&3\n", open, file("sh"), end, file("out"), file("failed"))
	if err != nil {
		return result{}, err
	}
	_, ended := s.done.ReadString('\n')
	output, err := os.ReadFile(file("out"))
	if err != nil {
		return result{}, err
	}
	failed, err := os.ReadFile(file("failed"))
	if err != nil {
		return result{}, err
	}
	first, _, _ := strings.Cut(string(failed), "\n")
	r := result{output: string(output), failed: first}
	if errors.Is(ended, io.EOF) {
		return r, fmt.Errorf("the shell has ended:\n%s", r.output)
	}
	return r, ended
}

// close ends the shell and all that it has left running.
func (s *session) close() {
	_ = syscall.Kill(-s.shell.Process.Pid, syscall.SIGTERM)
	_ = s.input.Close()
	_ = s.shell.Wait()
	_ = os.RemoveAll(s.dir)
}
