package templatestests

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/templates-tests/chart"
)

// everything turns on what brings a container.
const everything = `{redis: {embedded: {enabled: true}}, spire: {enabled: true}, volcano: {scheduler: {enabled: true}},
  router: {jwt: {issuerUrl: "https://issuer", audience: agents, roleClaim: roles, requiredRole: user}}}`

// podSpecs returns those of every object that creates pods, or is one.
func podSpecs(objects []client.Object) map[string]corev1.PodSpec {
	specs := map[string]corev1.PodSpec{}
	for _, object := range objects {
		if template := podTemplate(object); template != nil {
			specs[chart.Describe(object)] = template.Spec
		}
		if pod, ok := object.(*corev1.Pod); ok {
			specs[chart.Describe(object)] = pod.Spec
		}
	}
	return specs
}

// containers returns those of a pod, init containers and sidecars included.
func containers(spec corev1.PodSpec) []corev1.Container {
	return append(append([]corev1.Container{}, spec.InitContainers...), spec.Containers...)
}

func images(objects []client.Object) map[string]string {
	found := map[string]string{}
	for _, spec := range podSpecs(objects) {
		for _, c := range containers(spec) {
			found[c.Name] = c.Image
		}
	}
	return found
}

func TestEveryImageComesFromTheMirror(t *testing.T) {
	t.Parallel()
	found := images(render(t, everything, twoServers, "global: {imageRegistry: mirror.example:5000/all}"))
	curl := "mirror.example:5000/all/curlimages/curl:" + tag(t, "tools")
	assert.Equal(t, map[string]string{
		"agentcube-router":         "mirror.example:5000/all/volcano-sh/agentcube-router:latest",
		"workloadmanager":          "mirror.example:5000/all/volcano-sh/workloadmanager:latest",
		"volcano-agent-scheduler":  "mirror.example:5000/all/volcano-sh/vc-agent-scheduler:latest",
		"spiffe-helper":            "mirror.example:5000/all/spiffe/spiffe-helper:" + tag(t, "spire", "spiffeHelper"),
		"spire-server":             "mirror.example:5000/all/spiffe/spire-server:" + tag(t, "spire", "server"),
		"spire-agent":              "mirror.example:5000/all/spiffe/spire-agent:" + tag(t, "spire", "agent"),
		"spire-controller-manager": "mirror.example:5000/all/spiffe/spire-controller-manager:" + tag(t, "spire", "controllerManager"),
		"redis":                    "mirror.example:5000/all/library/redis:" + tag(t, "redis", "embedded"),
		"bundle-keeper":            curl,
		"wait-for-agent":           curl,
		"wait-for-first-server":    curl,
		"kubelet-ca-keeper":        curl,
		"wait-for-redis":           curl,
		"wait-for-server":          curl,
		"wait-for-workloadmanager": curl,
		"test":                     curl,
	}, found)
}

// tag returns the tag of the image in a section of the values.
func tag(t *testing.T, section ...string) string {
	t.Helper()
	tag, found, err := unstructured.NestedString(chart.Base().Values, append(section, "image", "tag")...)
	require.NoError(t, err)
	require.True(t, found)
	return tag
}

// A repository without a registry keeps its whole path in a mirror.
func TestMirror(t *testing.T) {
	t.Parallel()
	found := images(render(t, plain, "{global: {imageRegistry: mirror.example}, router: {image: {repository: team/router, tag: v1}}}"))
	assert.Equal(t, "mirror.example/team/router:v1", found["agentcube-router"])
}

func TestADigestDecidesOverTheTag(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0a", 32)
	set := "{image: {digest: \"" + digest + "\"}}"
	found := images(render(t, everything, `
router: `+set+`
workloadmanager: `+set+`
tools: `+set+`
redis: {embedded: `+set+`}
volcano: {scheduler: `+set+`}
spire: {server: `+set+`, agent: `+set+`, spiffeHelper: `+set+`, controllerManager: `+set+`}`))
	for name, image := range found {
		assert.True(t, strings.HasSuffix(image, "@"+digest), "%s: %s", name, image)
	}
}

// Every pod pulls with the given secrets.
func TestPullSecrets(t *testing.T) {
	t.Parallel()
	for name, spec := range podSpecs(render(t, everything, "imagePullSecrets: [{name: registry}]")) {
		assert.Equal(t, []corev1.LocalObjectReference{{Name: "registry"}}, spec.ImagePullSecrets, name)
	}
}

// Images are fetched only where they are missing.
func TestPullPolicy(t *testing.T) {
	t.Parallel()
	for name, spec := range podSpecs(render(t, everything)) {
		for _, c := range containers(spec) {
			assert.Equal(t, corev1.PullIfNotPresent, c.ImagePullPolicy, "%s, container %s", name, c.Name)
		}
	}
}

// Artifact Hub lists the images that are run.
func TestArtifactHubImages(t *testing.T) {
	t.Parallel()
	var listed []struct{ Image string }
	require.NoError(t, yaml.Unmarshal([]byte(chart.Base().Metadata.Annotations["artifacthub.io/images"]), &listed))
	for _, image := range images(render(t, everything)) {
		assert.Contains(t, listed, struct{ Image string }{image})
	}
}
