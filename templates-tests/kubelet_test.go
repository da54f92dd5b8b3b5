package templatestests

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/cert"

	"agentcube-mtls/internal/testca"
)

const (
	clusterCA = "-----BEGIN CERTIFICATE-----\ncluster\n-----END CERTIFICATE-----\n"
	ofNode    = "-----BEGIN CERTIFICATE-----\nnode\n-----END CERTIFICATE-----\n"
	renewed   = "-----BEGIN CERTIFICATE-----\nrenewed\n-----END CERTIFICATE-----\n"
	key       = "-----BEGIN PRIVATE KEY-----\nkey\n-----END PRIVATE KEY-----\n"
)

// node is where the scripts find the files of a pod on a node.
type node struct{ account, pki, collected string }

func newNode(t *testing.T) node {
	t.Helper()
	n := node{account: t.TempDir(), pki: t.TempDir(), collected: t.TempDir()}
	n.write(t, filepath.Join(n.account, "ca.crt"), clusterCA)
	return n
}

func (n node) write(t *testing.T, file, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
}

func (n node) ca(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(n.collected, "ca.crt"))
	require.NoError(t, err)
	return string(content)
}

// run runs the script of a container as it is, after the preamble.
func (n node) run(t *testing.T, c corev1.Container, preamble string) string {
	t.Helper()
	script := strings.NewReplacer("/var/run/secrets/kubernetes.io/serviceaccount", n.account, "/run/spire/node", n.pki, "/run/spire/kubelet", n.collected).
		Replace(c.Command[2])
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "application/grpc") }))
	server.EnableHTTP2 = true
	said, _ := shell(t, preamble+script, map[string]string{"spire-server.agentcube.svc:8081": serving(t, server, &tls.Config{})})
	return said
}

func agentPod(t *testing.T) corev1.PodSpec {
	t.Helper()
	return get[*appsv1.DaemonSet](t, render(t, spire), "spire-agent").Spec.Template.Spec
}

// The kubelet is verified by what its node has.
func TestKubeletCA(t *testing.T) {
	t.Parallel()
	pod := agentPod(t)
	first := container(t, pod, "wait-for-server")
	for name, c := range map[string]struct{ file, want string }{
		"signed by the cluster's CA": {"", clusterCA},
		"self-signed":                {ofNode, clusterCA + ofNode},
		"beside its key":             {key + ofNode + key, clusterCA + ofNode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			if c.file != "" {
				n.write(t, filepath.Join(n.pki, "kubelet.crt"), c.file)
			}
			said := n.run(t, first, "")
			assert.Empty(t, said, "a node without the file is no error")
			assert.Equal(t, c.want, n.ca(t), said)
		})
	}
}

// The kubelet certificate may be replaced while agents run.
func TestKubeletCertificateReplaced(t *testing.T) {
	t.Parallel()
	keeper := container(t, agentPod(t), "kubelet-ca-keeper")
	for name, c := range map[string]struct{ does, want string }{
		"nothing happens":           {":", clusterCA + ofNode},
		"renewed":                   {"printf '%s' '" + renewed + "' >NODE/kubelet.crt", clusterCA + renewed},
		"now signed by the CA":      {"rm NODE/kubelet.crt", clusterCA},
		"another CA of the cluster": {"printf '%s' '" + renewed + "' >ACCOUNT/ca.crt", renewed + ofNode},
		"nothing to read":           {"rm NODE/kubelet.crt ACCOUNT/ca.crt", clusterCA + ofNode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			n.write(t, filepath.Join(n.pki, "kubelet.crt"), ofNode)
			does := strings.NewReplacer("NODE", n.pki, "ACCOUNT", n.account).Replace(c.does)
			// The script's second sleep ends it.
			preamble := fmt.Sprintf("sleep() { [ ! -e %[1]s/slept ] && touch %[1]s/slept; }\nafter() { %[2]s; }\nwait() { command wait \"$@\" && after; }\n", t.TempDir(), does)
			said := n.run(t, keeper, preamble)
			assert.Equal(t, c.want, n.ca(t), said)
		})
	}
}

// TestUnverifiedKubelet runs the probe of the container beside
// the agent as it is, with a server here in place of the kubelet, whose certificate names another
// host.
func TestUnverifiedKubelet(t *testing.T) {
	t.Parallel()
	kubelet := func(certificate tls.Certificate) string {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
		return serving(t, server, &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
	ca := testca.New(t)
	selfSigned, key, err := cert.GenerateSelfSignedCertKey("node", nil, nil) // as a kubelet does
	require.NoError(t, err)
	signedItself, err := tls.X509KeyPair(selfSigned, key)
	require.NoError(t, err)
	probe := container(t, agentPod(t), "kubelet-ca-keeper").ReadinessProbe.Exec.Command
	require.Equal(t, []string{"sh", "-c"}, probe[:2])
	require.Contains(t, probe[2], "https://127.0.0.1:10250/")
	for name, c := range map[string]struct {
		collected     []byte
		kubelet, says string
	}{
		"signed by the cluster's CA": {ca.PEM, kubelet(ca.Issue(t, testca.Leaf{}).TLS(t)), ""},
		"self-signed":                {slices.Concat(ca.PEM, selfSigned), kubelet(signedItself), ""},
		"nobody answers":             {ca.PEM, nobody(t), ""},
		"expired":                    {ca.PEM, kubelet(ca.Issue(t, testca.Leaf{Expired: true}).TLS(t)), "certificate has expired"},
		"by another issuer":          {testca.New(t).PEM, kubelet(ca.Issue(t, testca.Leaf{}).TLS(t)), "unable to get local issuer certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "ca.crt")
			require.NoError(t, os.WriteFile(file, c.collected, 0o600))
			script := strings.NewReplacer("/run/spire/kubelet/ca.crt", file, "127.0.0.1:10250", c.kubelet).Replace(probe[2])
			said, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput()
			assert.Equal(t, c.says != "", err != nil, string(said))
			assert.Contains(t, string(said), c.says)
		})
	}
}

// A file that is not there would keep an agent from its start, and the keys beside it are for root
// only.
func TestNodeReaders(t *testing.T) {
	t.Parallel()
	pod := agentPod(t)
	assert.Equal(t, new(int64(65532)), pod.SecurityContext.RunAsUser)
	var readers []string
	for _, c := range append(pod.InitContainers, pod.Containers...) {
		for _, mount := range c.VolumeMounts {
			if mount.Name == "node" {
				readers = append(readers, c.Name)
				assert.True(t, mount.ReadOnly, c.Name)
				assert.Nil(t, c.SecurityContext.RunAsUser, c.Name)
			}
		}
	}
	assert.Equal(t, []string{"wait-for-server", "kubelet-ca-keeper"}, readers)
	assert.Equal(t, "/var/lib/kubelet/pki", volume(t, pod, "node").HostPath.Path)
	assert.Equal(t, corev1.HostPathDirectoryOrCreate, *volume(t, pod, "node").HostPath.Type)
}
