package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// favorContainers gives all containers together four times the CPU weight of one login session. By
// default both get the same, whatever the nice values of the session's processes are (sched(7),
// "The autogroup feature"), and beside compilers and tests a cluster's nodes no longer answer in
// time. The root is that of the control groups; dockerd puts containers below the group docker.
// Without control groups of version 1 nothing changes: this was not tried there.
func favorContainers(root string) error {
	processors := filepath.Join(root, "cpu")
	if _, err := os.Stat(processors); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	containers := filepath.Join(processors, "docker")
	if err := os.MkdirAll(containers, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(containers, "cpu.shares"), []byte("4096"), 0o644)
}
