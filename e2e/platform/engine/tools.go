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

// tool is a program, and the Debian packages that contain it.
type tool struct {
	program  string
	packages []string
}

var compiler = tool{"gcc", []string{"gcc", "libc6-dev"}}

// EnsureBuildTools installs the programs that build images if no registry answers: debootstrap for
// the Debian base image, and the C compiler for SPIRE's sqlite.
func EnsureBuildTools(ctx context.Context, log *progress.Log) error {
	unlock, err := repo.LockCache(ctx, "engine")
	if err != nil {
		return err
	}
	defer unlock()
	packages := lacking([]tool{{"debootstrap", []string{"debootstrap"}}, compiler}, exec.LookPath)
	if len(packages) == 0 {
		return nil
	}
	if !mayInstall() {
		return errors.New("no registry answers, so the images have to be built, which needs root on Debian: " +
			"run this there, connect this machine to docker.io, ghcr.io and registry.k8s.io, or name a mirror of them in REGISTRY_MIRROR")
	}
	return install(ctx, log, packages)
}

// EnsureTestTools installs the programs of `make test` that are no Go modules: the compiler for
// Go's race detector, yamllint for the linters, and curl and jq for the commands of the guides.
func EnsureTestTools(ctx context.Context, log *progress.Log) error {
	packages := lacking([]tool{compiler, {"yamllint", []string{"yamllint"}}, {"curl", []string{"curl"}}, {"jq", []string{"jq"}}}, exec.LookPath)
	if len(packages) == 0 {
		return nil
	}
	if !mayInstall() {
		return fmt.Errorf("the tests need programs that are not installed: install %[1]s (on Debian and Ubuntu: `sudo apt-get install %[1]s`) and repeat",
			strings.Join(packages, " "))
	}
	return install(ctx, log, packages)
}

// lacking returns the packages of those tools whose program is not found.
func lacking(tools []tool, find func(program string) (string, error)) []string {
	var packages []string
	for _, tool := range tools {
		if _, err := find(tool.program); err != nil {
			packages = append(packages, tool.packages...)
		}
	}
	return packages
}

// install installs Debian packages.
func install(ctx context.Context, log *progress.Log, packages []string) error {
	return log.Step("installing "+strings.Join(packages, ", ")+" with apt-get", func() error {
		if err := command.New("apt-get", "update").Run(ctx); err != nil {
			return err
		}
		// policy-rc.d is left alone: where an init system runs, the package starts its service
		// itself.
		apt := append([]string{"apt-get", "install", "-y", "--no-install-recommends"}, packages...)
		return command.New(apt...).With("DEBIAN_FRONTEND=noninteractive").Run(ctx)
	})
}

func mayInstall() bool { return os.Geteuid() == 0 && isDebian() }

func isDebian() bool {
	_, err := os.Stat("/etc/debian_version")
	return err == nil
}
