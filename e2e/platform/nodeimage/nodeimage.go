// Package nodeimage makes kind's node image from pinned Go modules and Debian packages, for
// machines that reach no registry.
//
// The image holds what kind's own does: systemd, containerd, kind's configuration and entrypoint,
// Kubernetes, and the images of the control plane. Kind's network daemon is unavailable without a
// registry: the service pod-network replaces it.
package nodeimage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/gomod"
	"agentcube-mtls/internal/repo"
)

// packages are what kind's node image installs, and containerd, runc and the network plugins, which
// it builds itself.
var packages = []string{
	"systemd", "systemd-sysv", "libseccomp2", "pigz",
	"containerd", "runc", "containernetworking-plugins",
	"conntrack", "iptables", "nftables", "iproute2", "ethtool", "util-linux", "mount", "kmod", "procps",
	"bash", "ca-certificates", "curl", "jq",
}

// setUp turns Debian into a kind node: no services but kind's, programs and plugins where kind's
// configuration expects them.
var setUp = []string{
	`rm -f /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/* /lib/systemd/system/local-fs.target.wants/*` +
		` /lib/systemd/system/sockets.target.wants/*udev* /lib/systemd/system/sockets.target.wants/*initctl*` +
		` /lib/systemd/system/basic.target.wants/* /lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service`,
	// Go's module archives keep no executable bits.
	`chmod 755 /usr/local/bin/* /kind/bin/*`,
	`echo ReadKMsg=no >> /etc/systemd/journald.conf`,
	`ln -s /usr/bin/containerd /usr/bin/ctr /usr/bin/containerd-shim-runc-v2 /usr/local/bin/` +
		` && mkdir -p /opt/cni /etc/kubernetes/manifests && ln -s /usr/lib/cni /opt/cni/bin`,
	`systemctl enable kubelet containerd undo-mount-hacks pod-network && systemctl mask systemd-binfmt`,
	// Kind's own image also has a hook here that hides the machine's identity from each container.
	// Nothing here asks for that, and the hook takes as long as a small program to start.
	`ctr oci spec | jq 'del(.process.rlimits)' > /etc/containerd/cri-base.json`,
}

// published are kind's own node images by the minor version of Kubernetes, in the last patch that
// the notes of its releases list.
var published = map[string]string{
	"1.28": "kindest/node:v1.28.15@sha256:a7c05c7ae043a0b8c818f5a06188bc2c4098f6cb59ca7d1856df00375d839251",
	"1.30": "kindest/node:v1.30.13@sha256:397209b3d947d154f6641f2d0ce8d473732bd91c87d9575ade99049aa33cd648",
	"1.34": "kindest/node:v1.34.3@sha256:08497ee19eace7b4b5348db5c6a1591d7752b164530a36f855cb0f2bdcbadd48",
	"1.35": "kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0",
	"1.37": "kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5",
}

// Published returns the name of kind's own node image, which registries have, or of its copy in the
// mirror.
func Published(ctx context.Context) (string, error) {
	image := published[components.KubernetesMinor]
	if images.Mirror() == "" {
		return image, nil
	}
	return images.InMirror(ctx, image)
}

// node matches the name of a node image: the minor version of Kubernetes, and the digest of a
// published one, which those that are built here do not have.
var node = regexp.MustCompile(`(?:^|/)kindest/node:v(\d+\.\d+)\.\d+(@sha256:[0-9a-f]+)?$`)

// Recognize returns the minor version of Kubernetes in a node image, by its name, and whether the
// image is a published one.
func Recognize(image string) (minor string, published bool) {
	if match := node.FindStringSubmatch(image); match != nil {
		return match[1], match[2] != ""
	}
	return "", false
}

// Name returns the name of the node image that is built here: kind's own, in the version of
// Kubernetes that is pinned.
func Name() (string, error) {
	version, err := components.Kubernetes.Version()
	return "kindest/node:" + version, err
}

// Build builds the node image, and all that is in it, unless the engine has it from the same
// sources.
func Build(ctx context.Context) error {
	name, err := Name()
	if err != nil {
		return err
	}
	version, err := components.Kubernetes.Version()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "agentcube-node-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	versionFile := filepath.Join(work, "version")
	if err := os.WriteFile(versionFile, []byte(version), 0o644); err != nil {
		return err
	}
	node := images.Image{
		Name:     name,
		Base:     images.Debian,
		Packages: packages,
		Files: map[string]func(context.Context) (string, error){
			"/":                    kindFiles,
			"/kind/version":        file(versionFile),
			"/usr/bin/kubeadm":     images.Program(components.Kubernetes, "kubeadm"),
			"/usr/bin/kubectl":     images.Program(components.Kubernetes, "kubectl"),
			"/usr/bin/kubelet":     images.Program(components.Kubernetes, "kubelet"),
			"/usr/local/":          file(repo.Path("e2e", "platform", "nodeimage", "files", "usr", "local")),
			"/etc/systemd/":        file(repo.Path("e2e", "platform", "nodeimage", "files", "etc", "systemd")),
			"/kind/manifests/":     file(repo.Path("e2e", "platform", "nodeimage", "files", "kind", "manifests")),
			"/kind/control-plane/": archives(filepath.Join(work, "control-plane")),
		},
		Commands:   append(setUp, "import-images /kind/control-plane/*.tar"),
		Entrypoint: []string{"/usr/local/bin/entrypoint", "/sbin/init"},
	}
	if components.NeedsContainerd2(components.KubernetesMinor) {
		for _, program := range []string{"containerd", "containerd-shim-runc-v2", "ctr"} {
			node.Files["/usr/bin/"+program] = images.Program(components.Containerd, program) // in place of Debian's
		}
	}
	return node.Build(ctx)
}

// kindFiles returns the folder in kind's module with the files of its node image.
func kindFiles(ctx context.Context) (string, error) {
	kind, err := gomod.Find(ctx, repo.Path(), "sigs.k8s.io/kind")
	return filepath.Join(kind.Dir, "images", "base", "files"), err
}

func file(path string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return path, nil }
}

// archives returns a function that builds the control plane's images and saves each of them in the
// folder dir.
func archives(dir string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		built, err := controlPlane(ctx)
		if err != nil {
			return "", err
		}
		for n, image := range built {
			if err := image.Build(ctx); err != nil {
				return "", err
			}
			archive, err := images.Archive(ctx, image.Name)
			if err != nil {
				return "", err
			}
			if err := os.Symlink(archive, filepath.Join(dir, fmt.Sprintf("%d.tar", n))); err != nil {
				return "", err
			}
		}
		return dir, nil
	}
}
