// Package engine finds the container engine that kind runs its nodes in, and on Debian installs and starts one where there is none.
package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"agentcube-mtls/e2e/command"
	"agentcube-mtls/e2e/progress"
)

// Ensure returns when a container engine answers. Where none does it starts one, installed first if need be, provided that
// this is Debian and the user is root; otherwise its error names the command that the user has to run.
func Ensure(ctx context.Context, log *progress.Log) error {
	problem := ping(ctx)
	if problem == nil {
		return nil
	}
	if err := here().mend(problem); err != nil {
		return err
	}
	if err := install(ctx, log, "dockerd", "docker.io"); err != nil {
		return err
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

// mend returns nil if the engine that does not answer can be brought up here, else an error that says what the user has to do.
func (m machine) mend(problem error) error {
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

// EnsureDebootstrap installs the program that makes a Debian base image where no registry can give one.
func EnsureDebootstrap(ctx context.Context, log *progress.Log) error {
	if _, err := exec.LookPath("debootstrap"); err == nil {
		return nil
	}
	if os.Geteuid() != 0 || !isDebian() {
		return errors.New("no registry answers, so that the images have to be built, which needs root on Debian: " +
			"run this there, or connect this machine to docker.io, ghcr.io and registry.k8s.io")
	}
	return install(ctx, log, "debootstrap", "debootstrap")
}

func ping(ctx context.Context) error {
	return command.New("docker", "version", "--format", "{{.Server.Version}}").Run(ctx)
}

// install brings a Debian package, unless its program is there already.
func install(ctx context.Context, log *progress.Log, program, pkg string) error {
	if _, err := exec.LookPath(program); err == nil {
		return nil
	}
	return log.Step("installing "+pkg+" with apt-get", func() error {
		if err := command.New("apt-get", "update").Run(ctx); err != nil {
			return err
		}
		// policy-rc.d is left alone: where an init system runs, the package starts its service itself.
		return command.New("apt-get", "install", "-y", "--no-install-recommends", pkg).With("DEBIAN_FRONTEND=noninteractive").Run(ctx)
	})
}

func isDebian() bool {
	_, err := os.Stat("/etc/debian_version")
	return err == nil
}
