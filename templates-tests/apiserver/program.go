package apiserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// program is one that was started here.
type program struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// runProgram starts a program that writes to a log, and does not wait for it. The program runs
// until stop is called, even if ctx ends before.
func runProgram(ctx context.Context, log, path string, args ...string) (*program, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	p := &program{cmd: exec.CommandContext(context.WithoutCancel(ctx), path, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Env = append(os.Environ(), "GOGC=400") // short-lived: memory is cheaper than collecting it
	p.cmd.SysProcAttr = endWithUs()
	if err := p.cmd.Start(); err != nil {
		_ = out.Close()
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended stands in its log
		_ = out.Close()
		close(p.done)
	}()
	return p, nil
}

func (p *program) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop asks the program to end, and ends it if it does not.
func (p *program) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}
