package apiserver_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"

	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/templates-tests/apiserver"
	"agentcube-mtls/templates-tests/chart"
)

// TestAppliedAsGitOpsToolsDo: what helm template prints is applied by the client or by the server,
// CRDs too. A second apply of the same changes nothing, and mutual TLS is switched on and off.
func TestAppliedAsGitOpsToolsDo(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	kubectl(t, "", "apply", "--server-side", "--force-conflicts", "--filename="+filepath.Join(base, "crds")) // once, or two create them
	for by, flags := range map[string][]string{
		"client": nil,
		"server": {"--server-side", "--force-conflicts", "--field-manager=argocd-controller"},
	} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			name := "applied-by-" + by
			kubectl(t, "", "create", "namespace", name)
			apply := func(values string) apiserver.Objects {
				kubectl(t, template(t, name, values), append([]string{"apply", "--filename=-"}, flags...)...)
				return ofInstance(t, name)
			}
			first := apply(plain)
			assert.Equal(t, first.Written(), apply(plain).Written())
			mutual := apply(spire)
			assert.Contains(t, mutual.Since(first), "statefulsets.apps "+name+"/spire-server")
			assert.Equal(t, mutual.Written(), apply(spire).Written())
			assert.Subset(t, apply(plain).Meant(), first.Meant())
			kubectl(t, template(t, name, spire), "delete", "--wait=false", "--filename=-", "--selector=app.kubernetes.io/instance="+name)
		})
	}
}

// template is what helm template prints, without tests and with the flags that Argo CD gives it.
func template(t *testing.T, name, values string) string {
	t.Helper()
	version, err := components.Kubernetes.Version()
	require.NoError(t, err)
	template := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	template.DryRun, template.ClientOnly, template.IncludeCRDs = true, true, true
	template.ReleaseName, template.Namespace = name, name
	template.APIVersions = append(template.APIVersions, chart.SpireKinds...)
	template.KubeVersion, err = chartutil.ParseKubeVersion(version)
	require.NoError(t, err)
	printed, err := template.Run(load(t, base), parse(t, values))
	require.NoError(t, err)
	return printed.Manifest
}

// kubectl runs kubectl with some input.
func kubectl(t *testing.T, input string, args ...string) {
	t.Helper()
	programs, err := components.Kubernetes.Build(t.Context())
	require.NoError(t, err)
	program := append([]string{filepath.Join(programs, "kubectl"), "--kubeconfig", server.Kubeconfig}, args...)
	require.NoError(t, command.New(program...).Reading(strings.NewReader(input)).Run(t.Context()))
}

// ofInstance are the objects of a release, also if no helm has recorded it.
func ofInstance(t *testing.T, name string) apiserver.Objects {
	t.Helper()
	of := apiserver.Objects{}
	for key, object := range objects(t) {
		if object.GetLabels()["app.kubernetes.io/instance"] == name {
			of[key] = object
		}
	}
	return of
}
