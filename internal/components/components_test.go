package components

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Folders of Kubernetes are named by the version.
func TestKubernetesFolder(t *testing.T) {
	t.Parallel()
	minors, err := KubernetesMinors()
	require.NoError(t, err)
	require.Contains(t, minors, "1.34")
	for _, minor := range minors {
		version, err := Component{Name: kubernetesFolder + minor}.Version()
		require.NoError(t, err)
		assert.Contains(t, version, "v"+minor+".")
	}
}

// An unknown version of Kubernetes is rejected with those there are.
//
//nolint:paralleltest // it changes what K8S has set
func TestUnknownKubernetes(t *testing.T) {
	require.NoError(t, CheckKubernetes())
	defer func(minor string) { KubernetesMinor = minor }(KubernetesMinor)
	KubernetesMinor = "1.9"
	assert.ErrorContains(t, CheckKubernetes(), "K8S=1.9: give a version of Kubernetes that is pinned here: 1.28, ")
}

// A C library that is linked statically finds no hosts in an image without one.
func TestStaticProgramsLookUpWithoutC(t *testing.T) {
	t.Parallel()
	for _, component := range []Component{SPIRE, EarlierSPIRE} {
		assert.Contains(t, component.buildArgs("v1.2.3"), "netgo,osusergo", component.Name)
	}
}

func TestHoldsStoppingPods(t *testing.T) {
	t.Parallel()
	for minor, holds := range map[string]bool{"1.28": false, "1.29": false, "1.30": true, "1.100": true, "2.0": true} {
		assert.Equal(t, holds, HoldsStoppingPods(minor), minor)
	}
}

// Debian's containerd runs the nodes of Kubernetes up to 1.35.
func TestNeedsContainerd2(t *testing.T) {
	t.Parallel()
	for minor, needs := range map[string]bool{"1.28": false, "1.35": false, "1.36": true, "1.37": true, "1.100": true, "2.0": true} {
		assert.Equal(t, needs, NeedsContainerd2(minor), minor)
	}
}
