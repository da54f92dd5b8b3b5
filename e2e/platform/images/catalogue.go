package images

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/repo"
)

// Names of the images that the tests deploy beside the chart.
const (
	Agent = "agentcube-mtls/agent:e2e"
	Probe = "agentcube-mtls/probe:e2e"
	Load  = "agentcube-mtls/loadgen:e2e"
	PicoD = "ghcr.io/volcano-sh/picod:latest"
)

// Tools returns the name of the image of the chart's init containers.
func Tools() (string, error) { return ofChart("tools") }

// Redis returns the name of the image of the chart's own Redis.
func Redis() (string, error) { return ofChart("redis", "embedded") }

// ofChart returns the name of an image in a section of the chart's values, as Docker shortens it.
func ofChart(section ...string) (string, error) {
	content, err := os.ReadFile(repo.Path("charts", "base", "values.yaml"))
	if err != nil {
		return "", err
	}
	var values map[string]any
	if err := yaml.Unmarshal(content, &values); err != nil {
		return "", err
	}
	image, _, err := unstructured.NestedStringMap(values, append(section, "image")...)
	name := strings.TrimPrefix(strings.TrimPrefix(image["repository"], "docker.io/"), "library/")
	return name + ":" + image["tag"], err
}

// nobody is the user of images whose programs need no rights.
const nobody = "65532:65532"

// PostgreSQL is the image of a database with a user and a database "spire", whose password is the
// same. It runs beside a cluster, not on it.
var PostgreSQL = Image{
	Name:     "agentcube-mtls/postgresql:e2e",
	Base:     Debian,
	Packages: []string{"postgresql"},
	Commands: []string{
		`echo "hostssl spire spire all scram-sha-256" >>/etc/postgresql/15/main/pg_hba.conf`,
		`pg_ctlcluster 15 main start && su postgres -c "psql -c \"create role spire login password 'spire'\" -c 'create database spire owner spire'"` +
			" && pg_ctlcluster 15 main stop",
	},
	Entrypoint: []string{"/usr/lib/postgresql/15/bin/postgres", "-D", "/etc/postgresql/15/main", "-c", "listen_addresses=*"},
	User:       "postgres",
}

// MySQL is one like it, in the form that Debian ships: MariaDB.
var MySQL = Image{
	Name:     "agentcube-mtls/mysql:e2e",
	Base:     Debian,
	Packages: []string{"mariadb-server"},
	Commands: []string{
		`printf '[mysqld]\nbind-address=*\nskip-name-resolve\n' >/etc/mysql/mariadb.conf.d/90-spire.cnf`,
		"service mariadb start && mariadb --execute \"create database spire; grant all on spire.* to spire identified by 'spire'\"" +
			" && service mariadb stop",
	},
	Entrypoint: []string{"/usr/sbin/mariadbd"},
	User:       "mysql",
}

// CSIDriver is the image of SPIFFE's CSI driver, with the registrar that makes it known to a
// kubelet. Only a test needs it.
var CSIDriver = Image{
	Name: "agentcube-mtls/csi-driver:e2e",
	Base: Scratch,
	Files: map[string]func(context.Context) (string, error){
		"/spiffe-csi-driver":     Program(components.SPIFFECSI, "spiffe-csi-driver"),
		"/node-driver-registrar": compiled("node-driver-registrar"),
	},
}

// KubeRouter is the image of a program that enforces NetworkPolicies, which the network of clusters
// that are built here does not. Only a test needs it.
var KubeRouter = Image{
	Name:     "agentcube-mtls/kube-router:e2e",
	Base:     Debian,
	Packages: []string{"iptables", "ipset"},
	Files:    program("/usr/local/bin/kube-router", components.KubeRouter, "kube-router"),
}

// CertManager is the image of cert-manager's controller. Only a test needs it.
var CertManager = Image{
	Name:       "agentcube-mtls/cert-manager:e2e",
	Base:       Scratch,
	Files:      program("/controller", components.CertManager, "controller"),
	Entrypoint: []string{"/controller"},
	User:       nobody,
}

// Registry is the image of a private registry. It runs beside a cluster, and only a test needs it.
var Registry = own("agentcube-mtls/registry:e2e", "registry")

// IsOwn tells whether the image of a program, by its label app, is this project's. Other images
// need not log what this project's programs log in addition to AgentCube's.
func IsOwn(app string) bool { return callers(app) == "" }

// callers returns the image that the caller names in place of this project's.
func callers(app string) string {
	switch app {
	case "agentcube-router":
		return os.Getenv("ROUTER_IMAGE")
	case "workloadmanager":
		return os.Getenv("WORKLOADMANAGER_IMAGE")
	}
	return ""
}

// Own returns the images of programs that this repository holds, or that AgentCube publishes
// without a version.
func Own() []Image {
	return []Image{
		orNamed(callers("agentcube-router"), own("ghcr.io/volcano-sh/agentcube-router:latest", "router")),
		orNamed(callers("workloadmanager"), own("ghcr.io/volcano-sh/workloadmanager:latest", "workloadmanager")),
		own(Agent, "agent"),
		own(Probe, "probe"),
		own(Load, "loadgen"),
		{
			Name:       PicoD,
			Base:       Debian,
			Packages:   []string{"python3-minimal"},
			Files:      program("/usr/local/bin/picod", components.PicoD, "picod"),
			Entrypoint: []string{"/usr/local/bin/picod"},
		},
	}
}

// published is an image as its project publishes it, of a program that is built from its module.
type published struct {
	repository string
	component  components.Component
	built      string // the program as its build names it
	path       string // the program in the image, as in the published one
	args       []string
	user       string
}

func (p published) image() (Image, error) {
	version, err := p.component.Version()
	return Image{
		Name:       p.repository + ":" + strings.TrimPrefix(version, "v"),
		Base:       Scratch,
		Files:      program(p.path, p.component, p.built),
		Entrypoint: append([]string{p.path}, p.args...),
		User:       p.user,
	}, err
}

// spire returns the images of a version of SPIRE.
func spire(version components.Component) []published {
	return []published{
		{"ghcr.io/spiffe/spire-server", version, "spire-server", "/opt/spire/bin/spire-server", []string{"run"}, "1000:1000"},
		{"ghcr.io/spiffe/spire-agent", version, "spire-agent", "/opt/spire/bin/spire-agent", []string{"run"}, ""},
	}
}

func imagesOf(all []published) ([]Image, error) {
	var images []Image
	for _, p := range all {
		image, err := p.image()
		if err != nil {
			return nil, err
		}
		images = append(images, image)
	}
	return images, nil
}

// EarlierSPIRE returns the images of the SPIRE that a scenario upgrades from.
func EarlierSPIRE() ([]Image, error) { return imagesOf(spire(components.EarlierSPIRE)) }

// Released returns the images of AgentCube's Router and WorkloadManager as it released them.
func Released() ([]Image, error) {
	return imagesOf([]published{
		{"ghcr.io/volcano-sh/agentcube-router", components.AgentCube, "router", "/app/agentcube-router", []string{"--port=8080", "--debug"}, "1000:1000"},
		{"ghcr.io/volcano-sh/workloadmanager", components.AgentCube, "workload-manager", "/app/workloadmanager", []string{"--port=8080"}, "1000:1000"},
	})
}

// Published returns the images that the charts and agent-sandbox name and that registries have, in
// the versions pinned here.
func Published() ([]Image, error) {
	images, err := imagesOf(append(spire(components.SPIRE),
		published{"ghcr.io/spiffe/spiffe-helper", components.SPIFFEHelper, "spiffe-helper", "/spiffe-helper", nil, nobody},
		published{"ghcr.io/spiffe/spire-controller-manager", components.ControllerManager, "cmd", "/spire-controller-manager", nil, nobody},
	))
	if err != nil {
		return nil, err
	}
	sandbox, err := AgentSandboxController()
	if err != nil {
		return nil, err
	}
	// Debian 12 ships these two in the versions that the chart names.
	tools, err := Tools()
	if err != nil {
		return nil, err
	}
	redis, err := Redis()
	if err != nil {
		return nil, err
	}
	return append(images, Image{
		Name:       sandbox,
		Base:       Scratch,
		Files:      program("/agent-sandbox-controller", components.AgentSandbox, "agent-sandbox-controller"),
		Entrypoint: []string{"/agent-sandbox-controller"},
		User:       nobody,
	}, Image{
		Name:       tools, // like the published one it has busybox beside curl
		Base:       Debian,
		Packages:   []string{"curl", "busybox"},
		Commands:   []string{"busybox --install -s /usr/local/bin"},
		Entrypoint: []string{"/usr/bin/curl"},
		User:       nobody,
	}, Image{
		Name:       redis,
		Base:       Debian,
		Packages:   []string{"redis-server"},
		Entrypoint: []string{"redis-server"},
		User:       "999:999",
	}), nil
}

// AgentSandboxController returns the name of agent-sandbox's controller image, in the version of
// its pinned module.
func AgentSandboxController() (string, error) {
	version, err := components.AgentSandbox.Version()
	return "registry.k8s.io/agent-sandbox/agent-sandbox-controller:" + version, err
}

// own returns the image of a program of this repository, whose package is in the folder e2e/cmd.
func own(image, pkg string) Image {
	program := "/" + path.Base(pkg)
	return Image{
		Name:       image,
		Base:       Scratch,
		Files:      map[string]func(context.Context) (string, error){program: compiled(pkg)},
		Entrypoint: []string{program},
		User:       nobody,
	}
}

// compiled returns a function that compiles a program of this repository, whose package is in the
// folder e2e/cmd.
func compiled(pkg string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) { return Compile(ctx, "agentcube-mtls/e2e/cmd/"+pkg) }
}

// orNamed returns an image, or another one under the name by which the chart knows it, if one is
// named.
func orNamed(named string, image Image) Image {
	if named != "" {
		return Image{Name: image.Name, Base: named}
	}
	return image
}

// program returns the files of an image that holds one program of a component.
func program(path string, c components.Component, built string) map[string]func(context.Context) (string, error) {
	return map[string]func(context.Context) (string, error){path: Program(c, built)}
}

// Program returns a function that builds a component and returns the file of one of its programs.
func Program(c components.Component, built string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		dir, err := c.Build(ctx)
		return filepath.Join(dir, built), err
	}
}

// Helm builds the helm client from the module that this project depends on, for the version of
// Kubernetes that everything here runs, and returns the program's file. All build the same one: users
// have it in their PATH.
func Helm(ctx context.Context) (string, error) {
	stamp, err := components.StampHelm()
	if err != nil {
		return "", err
	}
	return Compile(ctx, "helm.sh/helm/v3/cmd/helm", stamp)
}

// Compile builds a main package of this module, or of one it depends on, without C, and returns the
// program's file. Stamps are flags of the linker.
func Compile(ctx context.Context, pkg string, stamps ...string) (string, error) {
	dir, err := repo.Cache("programs")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, filepath.Base(pkg))
	build := command.New("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", strings.Join(append(stamps, "-s -w"), " "), "-o", file, pkg)
	if err := build.In(repo.Path()).With("CGO_ENABLED=0").Run(ctx); err != nil {
		return "", fmt.Errorf("building %s: %w", pkg, err)
	}
	return file, nil
}
