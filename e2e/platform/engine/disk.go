package engine

import (
	"context"
	"fmt"
	"syscall"

	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
)

const gibibyte = 1 << 30

// CheckDisk returns an error if there are fewer than need GiB free where the engine keeps its
// images or where builds are cached.
func CheckDisk(ctx context.Context, need uint64) error {
	cache, err := repo.Cache()
	if err != nil {
		return err
	}
	places := map[string]string{"builds are cached": cache}
	// The folder of an engine in a virtual machine (Docker Desktop) is not on this machine, and
	// cannot be looked at.
	if root, err := command.New("docker", "info", "--format", "{{.DockerRootDir}}").Output(ctx); err == nil {
		places["the container engine keeps its images"] = root
	}
	for what, dir := range places {
		var fs syscall.Statfs_t
		if syscall.Statfs(dir, &fs) != nil {
			continue
		}
		if free := fs.Bavail * uint64(fs.Bsize); free < need*gibibyte {
			return fmt.Errorf("%d GiB are needed in %s, where %s, and %.1f GiB are free: make room, for example with `docker system prune`",
				need, dir, what, float64(free)/gibibyte)
		}
	}
	return nil
}
