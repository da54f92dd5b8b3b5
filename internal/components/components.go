// Package components builds programs of other projects from their published Go modules.
//
// Each folder here is a module of its own whose go.mod names one component, at the version that
// this project uses, and the programs to build as its tools. The versions of images in the chart
// and of the programs built here thus have one source. There are several versions of Kubernetes:
// K8S chooses one.
package components

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"

	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
)

// Component is a project that is built from its module.
type Component struct {
	Name string // its folder here
	// CGO is set where the project needs C: SPIRE's sqlite. It is linked statically, since it runs
	// in an image without a C library, and looks up hosts and users without one.
	CGO  bool
	Tags []string // build constraints to satisfy
	// Stamp returns linker flags that tell the programs their version.
	Stamp func(version string) string
	// Module is the module whose version it has, if it is not the one that holds its first program.
	Module string
}

// The components. No cloud's API is called: Kubernetes before 1.31 has clients of several in it,
// which take long to compile.
var (
	Kubernetes        = Component{Name: kubernetesFolder + KubernetesMinor, Tags: []string{"providerless"}, Stamp: stampKubernetes}
	SPIRE             = Component{Name: "spire", CGO: true, Stamp: stampSPIRE}
	CoreDNS           = Component{Name: "coredns"}
	Etcd              = Component{Name: "etcd"}
	Containerd        = Component{Name: "containerd"}
	AgentSandbox      = Component{Name: "agent-sandbox"}
	ControllerManager = Component{Name: "spire-controller-manager"}
	SPIFFEHelper      = Component{Name: "spiffe-helper"}
	PicoD             = Component{Name: "picod"}
	LocalPath         = Component{Name: "local-path-provisioner"}
	SPIFFECSI         = Component{Name: "spiffe-csi"}
	KubeRouter        = Component{Name: "kube-router"}
	CertManager       = Component{Name: "cert-manager", Module: "github.com/cert-manager/cert-manager"}
	AgentCube         = Component{Name: "agentcube"}                                  // Router and WorkloadManager of its release, without mutual TLS
	EarlierSPIRE      = Component{Name: "spire-1.13.0", CGO: true, Stamp: stampSPIRE} // what an upgrade of SPIRE starts from
	OldestHelm        = Component{Name: "helm-3.15"}                                  // the oldest Helm that can read the chart's schema
	Helm4             = Component{Name: "helm-4"}
)

// All returns every component that a cluster needs, the longest build first.
func All() []Component {
	all := []Component{Kubernetes, SPIRE, CoreDNS, AgentSandbox, ControllerManager, SPIFFEHelper, Etcd, LocalPath, PicoD}
	if NeedsContainerd2(KubernetesMinor) {
		all = append(all, Containerd)
	}
	return all
}

// KubernetesMinor is the minor version of Kubernetes that everything here runs, from the
// environment variable K8S.
var KubernetesMinor = cmp.Or(os.Getenv("K8S"), "1.34")

// kubernetesFolder is what the folders of Kubernetes begin with. Each ends with a minor version.
const kubernetesFolder = "kubernetes-"

// KubernetesMinors returns the minor versions of Kubernetes that are pinned here.
func KubernetesMinors() ([]string, error) {
	folders, err := filepath.Glob(repo.Path("internal", "components", kubernetesFolder+"*"))
	var minors []string
	for _, folder := range folders {
		minors = append(minors, strings.TrimPrefix(filepath.Base(folder), kubernetesFolder))
	}
	return minors, err
}

// NeedsContainerd2 tells whether the nodes of a minor version of Kubernetes need containerd 2.
// Debian has 1.6; RELEASES.md of containerd names 2.2 as the oldest for 1.36.
func NeedsContainerd2(minor string) bool { return semver.Compare("v"+minor, "v1.36") >= 0 }

// HoldsStoppingPods tells whether a minor version of Kubernetes knows the preStop action sleep,
// with which the chart lets stopping pods serve on. The Kubernetes documentation of container
// lifecycle hooks names 1.30.
func HoldsStoppingPods(minor string) bool { return semver.Compare("v"+minor, "v1.30") >= 0 }

// CheckKubernetes returns an error if K8S names a version that is not pinned here.
func CheckKubernetes() error {
	minors, err := KubernetesMinors()
	if err == nil && !slices.Contains(minors, KubernetesMinor) {
		err = fmt.Errorf("K8S=%s: give a version of Kubernetes that is pinned here: %s", KubernetesMinor, strings.Join(minors, ", "))
	}
	return err
}

// stampKubernetes sets what kubeadm and kubectl compare with each other and with the cluster.
func stampKubernetes(version string) string {
	major, minor := majorMinor(version)
	const at = "-X k8s.io/component-base/version."
	return fmt.Sprintf("%sgitVersion=%s %sgitMajor=%s %sgitMinor=%s", at, version, at, major, at, minor)
}

// StampHelm returns linker flags that tell a helm client for which version of Kubernetes it renders
// without a cluster: unstamped that is 1.20, which the chart rejects.
func StampHelm() (string, error) {
	version, err := Kubernetes.Version()
	if err != nil {
		return "", err
	}
	major, minor := majorMinor(version)
	const at = "-X helm.sh/helm/v3/pkg/chartutil.k8sVersion"
	return fmt.Sprintf("%sMajor=%s %sMinor=%s", at, major, at, minor), nil
}

// majorMinor returns the first two numbers of a version such as v1.34.4.
func majorMinor(version string) (major, minor string) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	return parts[0], parts[1]
}

// stampSPIRE names the release: an unstamped SPIRE calls itself a development build.
func stampSPIRE(version string) string {
	return "-X github.com/spiffe/spire/pkg/common/version.gittag=" + strings.TrimPrefix(version, "v")
}

// Version returns the version of the component's module, such as v1.34.4.
func (c Component) Version() (string, error) {
	file, err := c.goMod()
	if err != nil {
		return "", err
	}
	// The longest module path that the tool's package begins with is the module that holds it.
	var module modfile.Require
	holds := cmp.Or(c.Module, file.Tool[0].Path)
	for _, required := range file.Require {
		if strings.HasPrefix(holds+"/", required.Mod.Path+"/") && len(required.Mod.Path) > len(module.Mod.Path) {
			module = *required
		}
	}
	if module.Mod.Path == "" {
		return "", fmt.Errorf("%s: no requirement holds %s", file.Syntax.Name, holds)
	}
	return module.Mod.Version, nil
}

// Build builds the component's programs, once for each state of its go.mod, go.sum, flags and Go
// version, and returns the folder that holds them, each under the last element of its package path.
func (c Component) Build(ctx context.Context) (string, error) {
	version, err := c.Version()
	if err != nil {
		return "", err
	}
	args := c.buildArgs(version)
	key, err := c.key(args)
	if err != nil {
		return "", err
	}
	dir, err := repo.Cache("components", c.Name+"-"+key)
	if err != nil {
		return "", err
	}
	// Of two commands that need the same programs, one builds and the other waits.
	unlock, err := repo.Lock(ctx, filepath.Join(dir, ".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	done := filepath.Join(dir, ".complete")
	if _, err := os.Stat(done); err == nil {
		return dir, nil
	}
	build := command.New(append(args, "-o", dir+"/", "tool")...).In(c.dir()).With("GOWORK=off", c.cgoSetting())
	if err := build.Run(ctx); err != nil {
		return "", fmt.Errorf("building %s %s: %w", c.Name, version, err)
	}
	return dir, os.WriteFile(done, nil, 0o644)
}

func (c Component) buildArgs(version string) []string {
	flags := "-s -w"
	if c.Stamp != nil {
		flags += " " + c.Stamp(version)
	}
	args := []string{"go", "build", "-trimpath", "-buildvcs=false"}
	tags := slices.Clone(c.Tags)
	if c.CGO {
		tags = append(tags, "netgo", "osusergo")
		flags += " -linkmode external -extldflags -static"
	}
	if len(tags) > 0 {
		args = append(args, "-tags", strings.Join(tags, ","))
	}
	return append(args, "-ldflags", flags)
}

func (c Component) cgoSetting() string {
	if c.CGO {
		return "CGO_ENABLED=1"
	}
	return "CGO_ENABLED=0"
}

func (c Component) key(args []string) (string, error) {
	hash := sha256.New()
	_, _ = fmt.Fprintln(hash, runtime.Version(), args)
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(c.dir(), name))
		if err != nil {
			return "", err
		}
		hash.Write(data)
	}
	return hex.EncodeToString(hash.Sum(nil))[:12], nil
}

func (c Component) dir() string { return repo.Path("internal", "components", c.Name) }

func (c Component) goMod() (*modfile.File, error) {
	path := filepath.Join(c.dir(), "go.mod")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return modfile.Parse(path, data, nil)
}
