package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// favorContainers gives all containers together four times as much of the processors as what one
// session runs beside them. By default both get the same, whatever the nice values of its
// processes are (sched(7), "The autogroup feature"), and beside compilers and tests a cluster's
// nodes no longer answer in time. The root is that of the control groups; dockerd puts containers
// below the group docker. Nothing changes where the groups are not those of version 1: there this
// was not tried.
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
