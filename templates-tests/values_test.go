package templatestests

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/templates-tests/chart"
)

// unused are values that the chart accepts only because older values files have them; their
// descriptions say so.
var unused = []string{"fullnameOverride", "router.config"}

// settings together render everything that the chart can render.
var settings = []string{
	`
redis: {password: a, embedded: {enabled: true}}
router: {autoscaling: {enabled: true}, podDisruptionBudget: {enabled: true}, serviceAccountName: a, jwt: {issuerUrl: "https://a", audience: b, roleClaim: c, requiredRole: d}}
workloadmanager: {autoscaling: {enabled: true}, podDisruptionBudget: {enabled: true}}
volcano: {scheduler: {enabled: true}}
networkPolicies: {enabled: true, nodeCIDRs: [10.1.0.0/16]}
spire:
  enabled: true
  server:
    metrics: {enabled: true, podMonitor: {enabled: true}}
    podDisruptionBudget: {enabled: true}
    upstreamAuthority: {type: secret, secretName: a}
  agent: {metrics: {enabled: true, podMonitor: {enabled: true}}}`,
	`
redis: {addr: "a:6379", secretName: a}
spire:
  enabled: true
  server: {metrics: {enabled: true}, dataStore: {type: postgres, connectionString: host=a user=b}, upstreamAuthority: {type: certManager, issuerName: a, secretName: a}}
  agent: {metrics: {enabled: true}}`,
	plain,
	spire,
}

// Another value of a key changes the manifests, or is rejected with the key.
func TestEveryValueIsUsed(t *testing.T) {
	t.Parallel()
	before := make([]map[string]string, len(settings))
	for i, given := range settings {
		manifests, err := chart.Release{Values: values(t, given)}.Render()
		require.NoError(t, err, given)
		before[i] = manifests
	}
	for path, value := range leaves("", chart.Base().Values) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			used := false
			for i := 0; i < len(settings) && !used; i++ {
				given := values(t, settings[i])
				overlay(given, nested(path, another(path, value)))
				after, err := chart.Release{Values: given}.Render()
				if err != nil {
					used = strings.Contains(err.Error(), path) // it contradicts the others, and the error names it
				} else {
					used = !maps.Equal(before[i], after)
				}
			}
			if slices.Contains(unused, path) {
				assert.False(t, used, "remove it from `unused`")
			} else {
				assert.True(t, used, "no template uses it, or %v is no example of it: add one to `others`", another(path, value))
			}
		})
	}
}

// leaves returns the values of a section by their paths.
func leaves(path string, section map[string]any) map[string]any {
	found := map[string]any{}
	for key, value := range section {
		below := strings.TrimPrefix(path+"."+key, ".")
		if inner, isMap := value.(map[string]any); isMap && len(inner) > 0 {
			maps.Copy(found, leaves(below, inner))
		} else {
			found[below] = value
		}
	}
	return found
}

// others are examples of values by their path, or by its end, where the schema rejects what another
// makes of the default.
var others = map[string]any{
	"digest": "sha256:" + strings.Repeat("a", 64), "pullPolicy": "Always", "logLevel": "debug", "hostPath": "/other",
	"ttl": "7h", "x509SvidDefaultTtl": "7m", "syncInterval": "7s", "cacheReloadInterval": "7s", "gcInterval": "7s",
	"nodeCIDRs": []any{"10.7.0.0/16"}, "ignoreNamespaces": []any{"other"}, "extraArgs": []any{"--other"},
	"identities.clients": []any{map[string]any{"name": "other", "namespace": "others", "serviceAccount": "other", "podLabels": map[string]any{"app": "other"}}},
	"rbac.extraRules":    []any{map[string]any{"apiGroups": []any{"other"}, "resources": []any{"others"}, "verbs": []any{"get"}}},
	"service.type":       "NodePort", "workloadAPI.type": "csi", "dataStore.type": "mysql", "upstreamAuthority.type": "secret",
	"redis.addr": "other:6379", "imageRegistry": "other.example", "persistence.size": "7Gi", "jwtIssuer": "https://other", "issuerUrl": "https://other", "kubeletCertificate": "/other/file",
	"requests.cpu": "7m", "requests.memory": "7Mi", "requests.ephemeral-storage": "7Mi",
	"limits.cpu": "7", "limits.memory": "7Gi", "limits.ephemeral-storage": "7Gi",
	"fsGroupChangePolicy": "Always", "seccompProfile.type": "Unconfined",
	"server.extraConfig": map[string]any{"agent_ttl": "7h"}, "agent.extraConfig": map[string]any{"log_format": "json"},
	"tolerations": []any{map[string]any{"key": "other"}}, "affinity": map[string]any{"podAffinity": map[string]any{}},
	"topologySpreadConstraints": []any{map[string]any{"maxSkew": 1, "topologyKey": "other", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": map[string]any{}}},
	"extraVolumeMounts":         []any{map[string]any{"name": "other", "mountPath": "/other"}},
	"extraContainers":           []any{map[string]any{"name": "other", "image": "other"}},
	"whenDeleted":               "Delete", "keyManager": "memory", "kubeletVerification": "clusterCA", "updateStrategy.type": "OnDelete", "rollingUpdate.maxUnavailable": "7%",
}

// another returns a value other than the default, of the same type.
func another(path string, value any) any {
	for end := path; end != ""; _, end, _ = strings.Cut(end, ".") {
		if other, found := others[end]; found {
			return other
		}
	}
	switch v := value.(type) {
	case bool:
		return !v
	case float64:
		return v + 1
	case []any:
		return []any{map[string]any{"name": "other"}}
	case map[string]any:
		return map[string]any{"other": "other"}
	default:
		return fmt.Sprint(v, "x")
	}
}

// nested returns sections that hold only the value at that path.
func nested(path string, value any) map[string]any {
	keys := strings.Split(path, ".")
	slices.Reverse(keys)
	for _, key := range keys {
		value = map[string]any{key: value}
	}
	return value.(map[string]any)
}
