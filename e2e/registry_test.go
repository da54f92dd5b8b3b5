package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	imagename "github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/command"
)

var privateRegistry = suite.Scenario{
	Name:        "private-registry",
	Description: "All pods of a release, and of its test, pull their images from a private mirror, the Router's by its digest.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		const namespace, router = "private-registry", "volcano-sh/agentcube-router"
		mirror := startMirror(ctx, t)
		digests := mirror.fill(ctx, t)
		mirror.letIn(ctx, t, namespace, "mirror")
		r := suite.Install(ctx, t, namespace, map[string]string{
			"spire.enabled":            "true",
			"global.imageRegistry":     mirror.host,
			"imagePullSecrets[0].name": "mirror",
			"router.image.digest":      digests[router],
		})
		pods, err := r.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{})
		require.NoError(t, err)
		require.NotEmpty(t, pods.Items)
		for _, pod := range pods.Items {
			for _, container := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
				assert.True(t, strings.HasPrefix(container.Image, mirror.host+"/"), "%s/%s runs %s", pod.Name, container.Name, container.Image)
				if strings.Contains(container.Image, router) {
					assert.Contains(t, container.Image, "@"+digests[router])
				}
			}
		}
		_, err = suite.Env.Helm.Run(ctx, "test", r.Name, "--namespace", r.Namespace, "--timeout", "5m")
		require.NoError(t, err)
	},
}

// mirror is a private registry beside the cluster. Only its user pulls from it.
type mirror struct {
	host      string // by which nodes know it
	published string // address on this machine
	user      authn.Basic
}

func startMirror(ctx context.Context, t *testing.T) mirror {
	t.Helper()
	user := authn.Basic{Username: "agentcube", Password: "a password"}
	container := suite.Beside(ctx, t, "registry", "--publish", "127.0.0.1::5000", images.Registry.Name, "-user", user.Username, "-password", user.Password)
	published, err := command.New("docker", "port", container, "5000/tcp").Output(ctx)
	require.NoError(t, err)
	m := mirror{host: container + ":5000", published: published, user: user}
	for _, node := range nodes(ctx, t, "") {
		// Without this, containerd expects TLS.
		dir := "/etc/containerd/certs.d/" + m.host
		hosts := command.New("docker", "exec", node.Name, "sh", "-c", fmt.Sprintf(`mkdir -p %s && echo '[host."http://%s"]' >%[1]s/hosts.toml`, dir, m.host))
		require.NoError(t, hosts.Run(ctx))
	}
	return m
}

// fill pushes all images that pods of the chart run, and returns their digests by repository.
func (m mirror) fill(ctx context.Context, t *testing.T) map[string]string {
	t.Helper()
	published, err := images.Published()
	require.NoError(t, err)
	for _, image := range published {
		require.NoError(t, image.Ensure(ctx, suite.Env.Cluster.Registry))
	}
	digests := map[string]string{}
	for _, image := range append(published, images.Own()...) {
		original, err := imagename.ParseReference(image.Name)
		require.NoError(t, err)
		repository := original.Context().RepositoryStr()
		copied, err := imagename.ParseReference(fmt.Sprintf("%s/%s:%s", m.published, repository, original.Identifier()))
		require.NoError(t, err)
		archive, err := images.Archive(ctx, image.Name)
		require.NoError(t, err)
		content, err := images.Content(archive, image.Name)
		require.NoError(t, err)
		require.NoError(t, remote.Write(copied, content, remote.WithAuth(&m.user), remote.WithContext(ctx)), image.Name)
		digest, err := content.Digest()
		require.NoError(t, err)
		digests[repository] = digest.String()
	}
	return digests
}

// letIn creates a namespace with a Secret by whose name its pods may pull.
func (m mirror) letIn(ctx context.Context, t *testing.T, namespace, secret string) {
	t.Helper()
	config, err := json.Marshal(map[string]any{"auths": map[string]any{m.host: map[string]string{"username": m.user.Username, "password": m.user.Password}}})
	require.NoError(t, err)
	core := suite.Env.Release.CoreV1()
	_, err = core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = core.Secrets(namespace).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: secret},
		Type:       corev1.SecretTypeDockerConfigJson,
		Data:       map[string][]byte{corev1.DockerConfigJsonKey: config},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
}
