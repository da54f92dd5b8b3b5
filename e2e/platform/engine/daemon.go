package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
)

// start starts the installed engine: by the init system where there is one, else as a process of
// its own that outlives this one.
func start(ctx context.Context) error {
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		return command.New("systemctl", "start", "docker").Run(ctx)
	}
	dir, err := repo.Cache("engine")
	if err != nil {
		return err
	}
	args, err := daemonArgs(ctx)
	if err != nil {
		return err
	}
	if err := forgetDeadDaemon("/var/run/docker.pid"); err != nil {
		return err
	}
	logFile := filepath.Join(dir, "dockerd.log")
	output, err := os.Create(logFile)
	if err != nil {
		return err
	}
	defer func() { _ = output.Close() }()
	daemon := exec.CommandContext(context.WithoutCancel(ctx), "dockerd", args...) // outlives this command
	daemon.Stdout, daemon.Stderr = output, output
	daemon.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C in this terminal is not meant for it
	if err := daemon.Start(); err != nil {
		return fmt.Errorf("starting dockerd: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "dockerd.pid"), []byte(strconv.Itoa(daemon.Process.Pid)), 0o644); err != nil {
		return err
	}
	exited := make(chan error, 1)
	go func() { exited <- daemon.Wait() }()
	for {
		if ping(ctx) == nil {
			return favorContainers("/sys/fs/cgroup")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-exited:
			said, _ := os.ReadFile(logFile)
			return fmt.Errorf("dockerd stopped as soon as it was started (%w); its log %s:\n%s", err, logFile, said)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// forgetDeadDaemon removes the pid file of a daemon that was killed: dockerd refuses to start if
// its number is another program's now.
func forgetDeadDaemon(pidFile string) error {
	data, err := os.ReadFile(pidFile)
	if err != nil {
		return nil
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil && isDockerd(pid) {
		return nil
	}
	return os.Remove(pidFile)
}

// daemonArgs makes the engine use a runtime that asks for no capability that this machine's
// processes do not have.
func daemonArgs(ctx context.Context) ([]string, error) {
	if MayRaiseLimits() {
		return nil, nil
	}
	wrapper, err := images.Compile(ctx, "agentcube-mtls/e2e/cmd/runcwrap")
	if err != nil {
		return nil, err
	}
	return []string{"--add-runtime", "runcwrap=" + wrapper, "--default-runtime", "runcwrap"}, nil
}

// capSysResource is the number of CAP_SYS_RESOURCE in linux/capability.h.
const capSysResource = 24

// MayRaiseLimits tells whether a process on this machine can have CAP_SYS_RESOURCE, which raising a
// limit or lowering an OOM score takes. True where the kernel does not say.
func MayRaiseLimits() bool {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return true
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "CapBnd:"); ok {
			bounding, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
			return err != nil || bounding&(1<<capSysResource) != 0
		}
	}
	return true
}

// Stop stops the engine if Ensure started it as a process of its own and no container is left in
// it. It tells whether it did.
func Stop(ctx context.Context) (bool, error) {
	dir, err := repo.Cache("engine")
	if err != nil {
		return false, err
	}
	pidFile := filepath.Join(dir, "dockerd.pid")
	data, err := os.ReadFile(pidFile)
	if err != nil {
		return false, nil
	}
	pid, err := strconv.Atoi(string(data))
	if err != nil || !isDockerd(pid) {
		return false, os.Remove(pidFile)
	}
	containers, err := command.New("docker", "ps", "--all", "--quiet").Output(ctx)
	if err != nil || containers != "" {
		return false, err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return false, fmt.Errorf("stopping dockerd (process %d): %w", pid, err)
	}
	for isDockerd(pid) {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return true, os.Remove(pidFile)
}

// isDockerd guards against a process number that another program has taken over since.
func isDockerd(pid int) bool {
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return err == nil && filepath.Base(program) == "dockerd"
}
