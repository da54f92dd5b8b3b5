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
	"strconv"
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

// record notes the commands that fail: how much the block had printed by then, the line, and the
// command. A block's own failures must not end the session.
const record = `trap 'printf "%%s\t%%s\t%%s\0" "$(wc -c <%s)" "$LINENO" "$BASH_COMMAND" >&4' ERR`

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
		return nil, errors.Join(fmt.Errorf("starting bash: %w", err), os.RemoveAll(scratch))
	}
	return &session{shell: shell, input: input, done: bufio.NewReader(read), dir: scratch}, nil
}

// result is what became of a block.
type result struct {
	output string
	failed []failure
}

// failure is a command that failed.
type failure struct {
	command string
	line    int    // in the block, from 1
	printed string // by the block since the failure before this one
}

// run runs a block and returns what it printed. What it leaves running in the background must not
// print: nobody could say when.
func (s *session) run(commands string, dry bool) (result, error) {
	s.blocks++
	file := func(kind string) string { return filepath.Join(s.dir, fmt.Sprintf("%d.%s", s.blocks, kind)) }
	open, end := "{", "}"
	if dry {
		open, end = "( set -E", ")" // a subshell, which forgets what helm and kubectl mean in it
		open += dryRun
	}
	// The last line keeps the failure of a block's last command from being noted again as one of
	// the whole.
	if err := os.WriteFile(file("sh"), []byte(commands+"\n:\n"), 0o600); err != nil {
		return result{}, err
	}
	// Descriptor 3 stays the session's own: a background job that held it would never let go.
	_, err := fmt.Fprintf(s.input, record+"\n%s\n. %s\n%s </dev/null >%s 2>&1 3>&- 4>%s\necho >&3\n",
		file("out"), open, file("sh"), end, file("out"), file("failed"))
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
	r := result{output: string(output), failed: failures(string(failed), string(output))}
	if errors.Is(ended, io.EOF) {
		return r, fmt.Errorf("the shell has ended:\n%s", r.output)
	}
	return r, ended
}

// failures reads what record has noted.
func failures(recorded, output string) []failure {
	var all []failure
	read := 0
	for note := range strings.SplitSeq(strings.TrimSuffix(recorded, "\x00"), "\x00") {
		fields := strings.SplitN(note, "\t", 3)
		if len(fields) < 3 {
			break // nothing has failed
		}
		printed, _ := strconv.Atoi(fields[0])
		line, _ := strconv.Atoi(fields[1])
		printed = min(printed, len(output))
		all = append(all, failure{fields[2], max(line, 1), output[read:printed]})
		read = printed
	}
	return all
}

// close ends the shell and all that it has left running.
func (s *session) close() {
	_ = syscall.Kill(-s.shell.Process.Pid, syscall.SIGTERM)
	_ = s.input.Close()
	_ = s.shell.Wait()
	_ = os.RemoveAll(s.dir)
}
