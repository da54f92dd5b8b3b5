package images

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
)

// Bases of images.
const (
	Scratch = "scratch"
	Debian  = "debian:bookworm-slim"
)

// debianMirror is the address at which Debian directs to a mirror nearby.
const debianMirror = "http://deb.debian.org/debian"

// EnsureDebian puts the Debian base image into the engine: pulled where a registry answers, else
// made by debootstrap.
func EnsureDebian(ctx context.Context, registry bool) error {
	unlock, err := repo.LockCache(ctx, "images")
	if err != nil {
		return err
	}
	defer unlock()
	if Has(ctx, Debian) {
		return nil
	}
	if registry {
		return pull(ctx, Debian)
	}
	if _, err := exec.LookPath("debootstrap"); err != nil {
		return fmt.Errorf("no registry answers and debootstrap is not installed: run `apt-get install debootstrap`")
	}
	dir, err := os.MkdirTemp("", "agentcube-debian-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	root, archive := filepath.Join(dir, "root"), filepath.Join(dir, "root.tar")
	if err := command.New("debootstrap", "--variant=minbase", "bookworm", root, debianMirror).Run(ctx); err != nil {
		return fmt.Errorf("making the Debian base image: %w", err)
	}
	pack := []string{"tar", "-C", root, "-cf", archive}
	for _, unneeded := range []string{"var/cache/apt", "var/lib/apt/lists", "usr/share/locale", "usr/share/man", "usr/share/info"} {
		pack = append(pack, "--exclude=./"+unneeded+"/*")
	}
	if err := command.New(append(pack, ".")...).Run(ctx); err != nil {
		return err
	}
	return command.New("docker", "import", "--change", `CMD ["bash"]`, archive, Debian).Run(ctx)
}
