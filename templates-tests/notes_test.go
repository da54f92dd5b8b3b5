package templatestests

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/templates-tests/chart"
)

func notes(t testing.TB, release chart.Release) string {
	t.Helper()
	manifests, err := release.Render()
	require.NoError(t, err)
	return manifests["agentcube/templates/NOTES.txt"]
}

// Notes say what was installed and what to run next.
func TestNotes(t *testing.T) {
	t.Parallel()
	for given, want := range map[string][]string{
		plain: {
			"the release agentcube in the namespace agentcube", "agentcube-router.agentcube.svc:8080", "workloadmanager.agentcube.svc:8080, without TLS",
			"helm test agentcube -n agentcube", "helm upgrade agentcube charts/base -n agentcube --reuse-values --set spire.enabled=true",
		},
		spire: {
			"workloadmanager.agentcube.svc:8443, by mutual TLS only", "spiffe://cluster.local/ns/agentcube/sa/agentcube-router",
			"spiffe://cluster.local/ns/agentcube/sa/workloadmanager", "1.13.3, in this namespace", "helm test agentcube -n agentcube",
			"spire-server entry show",
		},
		existing: {"the cluster's own"},
	} {
		for _, text := range want {
			assert.Contains(t, notes(t, chart.Release{Values: values(t, given)}), text, given)
		}
	}
}

// Notes warn of what is insecure and of nothing else.
func TestNotesWarnings(t *testing.T) {
	t.Parallel()
	const secure = `
redis: {addr: "a:6379", secretName: b}
router: {jwt: {issuerUrl: "https://issuer", audience: agents, roleClaim: a, requiredRole: b}}
spire: {enabled: true}`
	assert.NotContains(t, notes(t, chart.Release{Values: values(t, secure)}), "Warnings:")
	for given, warning := range map[string]string{
		"spire: {enabled: false}":                                         "communicate without TLS",
		"spire: {agent: {insecureBootstrap: true}}":                       "spire.agent.insecureBootstrap: agents trust whichever server answers first",
		"spire: {agent: {skipKubeletVerification: true}}":                 "Unset spire.agent.skipKubeletVerification, and set spire.agent.kubeletVerification to auto",
		"spire: {agent: {kubeletVerification: skip}}":                     "Unset spire.agent.skipKubeletVerification, and set spire.agent.kubeletVerification to auto",
		"redis: {addr: '', embedded: {enabled: true}}":                    "redis.embedded.enabled: sessions are lost with the pod of Redis",
		"workloadmanager: {drainSeconds: 119}":                            "workloadmanager.drainSeconds is not a minute above router.drainSeconds",
		"redis: {secretName: ''}":                                         "Redis has no password: set redis.secretName or redis.password",
		"router: {jwt: {issuerUrl: '', roleClaim: '', requiredRole: ''}}": "The Router serves every client that reaches it: set router.jwt.issuerUrl",
	} {
		said := notes(t, chart.Release{Values: values(t, secure, given)})
		assert.Contains(t, said, "Warnings:\n  - ", given)
		assert.Contains(t, said, warning, given)
	}
	for version, warning := range map[string]string{"v1.28.15": "has no native sidecars", "v1.29.14": "cannot hold stopping pods back"} {
		assert.Contains(t, notes(t, chart.Release{Kubernetes: version, Values: values(t, secure)}), warning)
	}
}
