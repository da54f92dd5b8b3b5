package nodeimage

import (
	"context"
	"fmt"
	"path"
	"strings"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/components"
)

// spareProcessors lets the programs of a control plane collect garbage less often, and wake one
// thread at a time: a cluster of tests has more memory than processors. Its services get the same
// from system.conf.d.
var spareProcessors = []string{"GOGC=400", "GOMAXPROCS=1"}

// pauseImage is the sandbox image that kind's containerd configuration names.
const pauseImage = "registry.k8s.io/pause:3.10"

// controlPlane returns the images that kubeadm starts a control plane from, under the names that it
// asks for, and the image of the storage provisioner.
func controlPlane(ctx context.Context) ([]images.Image, error) {
	kubernetes, err := components.Kubernetes.Build(ctx)
	if err != nil {
		return nil, err
	}
	version, err := components.Kubernetes.Version()
	if err != nil {
		return nil, err
	}
	list, err := command.New(path.Join(kubernetes, "kubeadm"), "config", "images", "list", "--kubernetes-version", version).Output(ctx)
	if err != nil {
		return nil, err
	}
	built := []images.Image{{
		Name: pauseImage,
		Base: images.Scratch,
		Files: map[string]func(context.Context) (string, error){"/pause": func(ctx context.Context) (string, error) {
			return images.Compile(ctx, "agentcube-mtls/e2e/cmd/pause")
		}},
		Entrypoint: []string{"/pause"},
	}}
	for name := range strings.FieldsSeq(list) {
		program, _, _ := strings.Cut(path.Base(name), ":")
		image := images.Image{Name: name, Base: images.Scratch, Env: spareProcessors, Entrypoint: []string{"/usr/local/bin/" + program}}
		find := images.Program(components.Kubernetes, program)
		switch program {
		case "pause":
			continue
		case "etcd":
			find = images.Program(components.Etcd, "server")
		case "coredns":
			find = images.Program(components.CoreDNS, "coredns")
			image.Entrypoint = []string{"/coredns"}
		case "kube-proxy":
			image.Base, image.Packages = images.Debian, []string{"conntrack", "iptables", "kmod", "nftables"}
		case "kube-apiserver", "kube-controller-manager", "kube-scheduler":
		default:
			return nil, fmt.Errorf("kubeadm %s asks for the image %s, which is not built here", version, name)
		}
		image.Files = map[string]func(context.Context) (string, error){image.Entrypoint[0]: find}
		built = append(built, image)
	}
	storage, err := components.LocalPath.Version()
	if err != nil {
		return nil, err
	}
	return append(built, images.Image{
		Name: "rancher/local-path-provisioner:" + storage,
		Base: images.Debian, // it runs itself a second time to make a volume's folder, with a shell
		Files: map[string]func(context.Context) (string, error){
			"/usr/local/bin/local-path-provisioner": images.Program(components.LocalPath, "local-path-provisioner"),
		},
		Entrypoint: []string{"/usr/local/bin/local-path-provisioner"},
	}), nil
}
