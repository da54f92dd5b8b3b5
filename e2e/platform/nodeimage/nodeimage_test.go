package nodeimage

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/components"
)

// These names tell which images a kept cluster runs.
func TestPublishedImages(t *testing.T) {
	t.Parallel()
	minors, err := components.KubernetesMinors()
	require.NoError(t, err)
	for _, minor := range minors {
		assert.Regexp(t, "^kindest/node:v"+minor+`\.\d+@sha256:[0-9a-f]{64}$`, published[minor])
	}
}

// A kept cluster's image tells its version of Kubernetes, and where its images came from.
func TestRecognizeImage(t *testing.T) {
	t.Parallel()
	const digest = "@sha256:08497ee19eace7b4b5348db5c6a1591d7752b164530a36f855cb0f2bdcbadd48"
	for image, expected := range map[string]struct {
		minor     string
		published bool
	}{
		"kindest/node:v1.34.4":                                      {"1.34", false},
		"kindest/node:v1.34.3" + digest:                             {"1.34", true},
		"mirror.example.com:5000/kindest/node:v1.28.15" + digest:    {"1.28", true},
		"example.com/docker/kindest/node:v1.35.8" + digest:          {"1.35", true},
		"unkindest/node:v1.34.3":                                    {"", false},
		"sha256:08497ee19eace7b4b5348db5c6a1591d7752b164530a36f855": {"", false},
	} {
		minor, published := Recognize(image)
		assert.Equal(t, expected.minor, minor, image)
		assert.Equal(t, expected.published, published, image)
	}
}
