// Package engine finds the container engine that kind runs its nodes in, and on Debian installs and
// starts one where there is none.
package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
)

// Ensure returns when a container engine answers. Where none does it starts one, installed first if
// need be, provided that this is Debian and the user is root; otherwise its error names the command
// that the user has to run.
func Ensure(ctx context.Context, log *progress.Log) error {
	unlock, err := repo.LockCache(ctx, "engine")
	if err != nil {
		return err
	}
	defer unlock()
	problem := ping(ctx)
	if problem == nil {
		return nil
	}
	m := here()
	if err := m.fixable(problem); err != nil {
		return err
	}
	if !m.installed {
		if err := install(ctx, log, []string{"docker.io"}); err != nil {
			return err
		}
	}
	return log.Step("starting the container engine", func() error { return start(ctx) })
}

// Running tells whether a container engine answers.
func Running(ctx context.Context) bool { return ping(ctx) == nil }

// machine is what decides whether an engine can be installed and started.
type machine struct {
	host      string // DOCKER_HOST
	root      bool
	debian    bool
	installed bool // the engine's program is there
}

func here() machine {
	_, missing := exec.LookPath("dockerd")
	return machine{host: os.Getenv("DOCKER_HOST"), root: os.Geteuid() == 0, debian: isDebian(), installed: missing == nil}
}

// fixable returns nil if the engine that does not answer can be brought up here, else an error that
// says what the user has to do.
func (m machine) fixable(problem error) error {
	switch {
	case m.host != "":
		return fmt.Errorf("the container engine at DOCKER_HOST=%s does not answer: start it, or run `unset DOCKER_HOST`: %w", m.host, problem)
	case strings.Contains(problem.Error(), "permission denied"):
		return errors.New("no permission on the container engine's socket: run `sudo usermod -aG docker $USER`, log in again and repeat")
	case m.root && m.debian:
		return nil
	case m.installed:
		return errors.New("the container engine is not running: run `sudo systemctl start docker` and repeat")
	}
	return errors.New("no container engine: install Docker (on Debian and Ubuntu: `sudo apt-get install docker.io`) and repeat")
}

func ping(ctx context.Context) error {
	return command.New("docker", "version", "--format", "{{.Server.Version}}").Run(ctx)
}
