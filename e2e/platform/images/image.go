// Package images makes the container images that a cluster needs and cannot pull.
package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
)

// inputsLabel holds, in every image built here, a hash of what it was built from.
const inputsLabel = "agentcube-mtls.inputs"

// Image is an image to make. One from Scratch holds nothing but programs and is assembled here; the
// engine builds any other from a Dockerfile. The inputs of both are the text of the Dockerfile and
// the files that it copies.
type Image struct {
	Name string // repository and tag
	// Base is Scratch or Debian, or an image of the caller's, to which nothing is added.
	Base string
	// Packages are Debian packages to install on top of Debian.
	Packages []string
	// Files are what is copied into the image: the path in the image, and the function that makes
	// or finds it on this machine.
	Files map[string]func(context.Context) (string, error)
	// Commands are run in the image after the files are there, in a shell.
	Commands []string
	// Entrypoint is the program that a container of the image starts, with its first arguments;
	// empty means the base's.
	Entrypoint []string
	// Env are variables of a container, as NAME=value.
	Env []string
	// User is the user that a container runs as, a number where a kubelet is to see that it is not
	// root; empty means the base's.
	User string
}

// Ensure puts an image that registries have into the engine: pulled where they answer, else built.
func (i Image) Ensure(ctx context.Context, registry bool) error {
	if !registry {
		return i.Build(ctx)
	}
	if Has(ctx, i.Name) {
		return nil
	}
	return pull(ctx, i.Name)
}

// Build makes the image in the engine, unless it has the image already from the same inputs.
func (i Image) Build(ctx context.Context) error {
	if i.Base != Scratch && i.Base != Debian {
		return i.adopt(ctx)
	}
	sources, err := i.sources(ctx)
	if err != nil {
		return fmt.Errorf("image %s: %w", i.Name, err)
	}
	inputs, err := i.inputs(sources)
	if err != nil {
		return fmt.Errorf("image %s: %w", i.Name, err)
	}
	unlock, err := repo.LockCache(ctx, "images")
	if err != nil {
		return err
	}
	defer unlock()
	label, err := command.New("docker", "image", "inspect", "--format", `{{index .Config.Labels "`+inputsLabel+`"}}`, i.Name).Output(ctx)
	if err == nil && label == inputs {
		return nil
	}
	if i.Base == Scratch {
		err = i.load(ctx, sources, inputs)
	} else {
		err = i.build(ctx, sources, inputs)
	}
	if err != nil {
		return fmt.Errorf("image %s: %w", i.Name, err)
	}
	// The former image of that name has no name now.
	return command.New("docker", "image", "prune", "--force", "--filter", "label="+inputsLabel).Run(ctx)
}

// adopt gives the caller's image, which is pulled unless the engine has it, the name of this one. If
// it has that name already, the engine may have ours by it.
func (i Image) adopt(ctx context.Context) error {
	if i.Base == i.Name || !Has(ctx, i.Base) {
		if err := command.New("docker", "pull", i.Base).Run(ctx); err != nil {
			return fmt.Errorf("ROUTER_IMAGE or WORKLOADMANAGER_IMAGE names an image that the engine neither has nor can pull: "+
				"build it, correct its name or run `docker login`: %w", err)
		}
	}
	return command.New("docker", "tag", i.Base, i.Name).Run(ctx)
}

// build builds an image on top of another one, by a Dockerfile.
func (i Image) build(ctx context.Context, sources map[string]string, inputs string) error {
	buildContext, err := os.MkdirTemp("", "agentcube-image-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(buildContext) }()
	if err := i.writeContext(buildContext, sources); err != nil {
		return fmt.Errorf("writing the build context: %w", err)
	}
	// The classic builder is in every engine; BuildKit needs a plugin that Debian's docker.io does
	// not have.
	build := command.New("docker", "build", "--network", "host", "--label", inputsLabel+"="+inputs, "--tag", i.Name, buildContext)
	return build.With("DOCKER_BUILDKIT=0").Run(ctx)
}

// sources maps paths in the image to the files and folders on this machine that go there.
func (i Image) sources(ctx context.Context) (map[string]string, error) {
	sources := map[string]string{}
	for path, find := range i.Files {
		source, err := find(ctx)
		if err != nil {
			return nil, err
		}
		sources[path] = source
	}
	return sources, nil
}

func (i Image) dockerfile() string {
	var b strings.Builder
	fmt.Fprintln(&b, "FROM", i.Base)
	if len(i.Packages) > 0 {
		fmt.Fprintf(&b, "RUN apt-get update && apt-get install -y --no-install-recommends %s && rm -rf /var/lib/apt/lists/* /var/cache/apt/*\n",
			strings.Join(i.Packages, " "))
	}
	for n, path := range i.paths() {
		fmt.Fprintf(&b, "COPY %d %s\n", n, path)
	}
	for _, line := range i.Commands {
		fmt.Fprintln(&b, "RUN", line)
	}
	for _, variable := range i.Env {
		fmt.Fprintln(&b, "ENV", variable)
	}
	if i.User != "" {
		fmt.Fprintln(&b, "USER", i.User)
	}
	if len(i.Entrypoint) > 0 {
		fmt.Fprintf(&b, "ENTRYPOINT [\"%s\"]\n", strings.Join(i.Entrypoint, `", "`))
	}
	return b.String()
}

// paths returns the paths of the image's files in a fixed order, so that equal inputs make equal
// builds.
func (i Image) paths() []string {
	paths := make([]string, 0, len(i.Files))
	for path := range i.Files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

func (i Image) inputs(sources map[string]string) (string, error) {
	hash := sha256.New()
	_, _ = io.WriteString(hash, i.dockerfile())
	for _, path := range i.paths() {
		err := filepath.Walk(sources[path], func(file string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() {
				return err
			}
			_, _ = fmt.Fprintln(hash, strings.TrimPrefix(file, sources[path]))
			return copyTo(hash, file)
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func (i Image) writeContext(dir string, sources map[string]string) error {
	for n, path := range i.paths() {
		if err := place(sources[path], filepath.Join(dir, fmt.Sprint(n))); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(i.dockerfile()), 0o644)
}

// place copies a file, or a folder and all that is in it, to another name. Links are followed.
func place(from, to string) error {
	return filepath.Walk(from, func(file string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		target := to + strings.TrimPrefix(file, from)
		if info.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		out, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, info.Mode().Perm()|0o600) // a module's files are read-only
		if err != nil {
			return err
		}
		if err := copyTo(out, file); err != nil {
			return err
		}
		return out.Close()
	})
}

func copyTo(out io.Writer, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	_, err = io.Copy(out, in)
	return err
}
