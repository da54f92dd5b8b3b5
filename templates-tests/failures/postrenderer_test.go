package failures_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/components"
	"agentcube-mtls/templates-tests/apiserver"
)

// labelScript is a post-renderer that adds a label by kustomize, which reads only files.
const labelScript = `#!/bin/sh
set -e
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
cat >"$dir/chart.yaml"
echo '{resources: [chart.yaml], labels: [{pairs: {team: platform}, includeTemplates: true}]}' >"$dir/kustomization.yaml"
%s/kubectl kustomize "$dir"
`

const labelPlugin = `{apiVersion: v1, type: postrenderer/v1, name: label, version: 1.0.0, runtime: subprocess,
  runtimeConfig: {platformCommand: [{command: "${HELM_PLUGIN_DIR}/label"}]}}`

// A release goes through its life with a post-renderer, and keeps what that adds: with mutual TLS
// on and off, and in a rollback. Helm 4 takes a post-renderer from its plugins only.
func TestPostRenderer(t *testing.T) {
	t.Parallel()
	kubernetes, err := components.Kubernetes.Build(t.Context())
	require.NoError(t, err)
	eachHelm(t, "labelled", func(t *testing.T, r release) {
		plugin := filepath.Join(r.helm.home(), "plugins", "label")
		require.NoError(t, os.MkdirAll(plugin, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(plugin, "label"), fmt.Appendf(nil, labelScript, kubernetes), 0o755))
		renderer := filepath.Join(plugin, "label")
		if r.helm.version.serverSide {
			require.NoError(t, os.WriteFile(filepath.Join(plugin, "plugin.yaml"), []byte(labelPlugin), 0o644))
			renderer = "label"
		}
		upgrade := func(values ...string) apiserver.Objects {
			require.NoError(t, r.upgradeWith([]string{"--post-renderer", renderer}, values...))
			objects := r.objects()
			for key, object := range objects {
				assert.Equal(t, "platform", object.GetLabels()["team"], key)
			}
			return objects.Meant()
		}
		plain := upgrade()
		assert.Equal(t, plain, upgrade())
		mutual := upgrade("spire.enabled=true")
		assert.Equal(t, plain, upgrade("spire.enabled=false"))
		r.rollback(4)
		assert.Equal(t, mutual, r.objects().Meant())
	})
}
