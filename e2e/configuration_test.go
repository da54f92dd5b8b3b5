package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chartutil"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/repo"
	render "agentcube-mtls/templates-tests/chart"
)

var spireValidate = suite.Scenario{
	Name:        "spire-validate",
	Description: "SPIRE's own programs validate every configuration that the chart renders, also those that no cluster here runs.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		version, err := components.SPIRE.Version()
		require.NoError(t, err)
		settings := map[string]string{
			"postgres":           "spire: {server: {replicas: 3, dataStore: {type: postgres, connectionString: 'host=db user=spire password=a\"b'}}}",
			"mysql":              "spire: {server: {dataStore: {type: mysql, secretName: mine}}}",
			"keys in memory":     "spire: {server: {keyManager: memory}}",
			"a CA in a Secret":   "spire: {server: {upstreamAuthority: {type: secret, secretName: ca, bundleKey: ca.crt}}}",
			"cert-manager":       "spire: {server: {upstreamAuthority: {type: certManager, issuerName: ca}}}",
			"metrics":            "spire: {server: {metrics: {enabled: true}}, agent: {metrics: {enabled: true}}}",
			"more settings":      "spire: {server: {jwtIssuer: 'https://a', extraConfig: {agent_ttl: 2h, ratelimit: {attestation: false}}}, agent: {extraConfig: {sds: {default_svid_name: a}}}}",
			"the cluster's CA":   "spire: {agent: {kubeletVerification: clusterCA}}",
			"insecure switches":  "spire: {agent: {insecureBootstrap: true, skipKubeletVerification: true}}",
			"another log level":  "spire: {server: {logLevel: debug}, agent: {logLevel: error}}",
			"other certificates": "spire: {trustDomain: example.org, clusterName: east, server: {ca: {ttl: 48h, x509SvidDefaultTtl: 90m}}}",
		}
		for _, name := range []string{"kind", "production", "high-availability"} {
			content, err := os.ReadFile(repo.Path("values", name+".yaml"))
			require.NoError(t, err)
			settings[name] = string(content)
		}
		for name, given := range settings {
			var values map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(given), &values), name)
			if values["redis"] == nil {
				values["redis"] = map[string]any{"addr": "redis:6379"}
			}
			objects, err := render.Release{Values: chartutil.CoalesceTables(values, map[string]any{"spire": map[string]any{"enabled": true}})}.Objects()
			require.NoError(t, err, name)
			read := 0
			for _, object := range objects {
				configuration, ok := object.(*corev1.ConfigMap)
				if !ok || (configuration.Name != "spire-server" && configuration.Name != "spire-agent") {
					continue
				}
				for file, text := range configuration.Data {
					program := filepath.Join("/opt/spire/bin", configuration.Name)
					image := "ghcr.io/spiffe/" + configuration.Name + ":" + strings.TrimPrefix(version, "v")
					validate := command.New("docker", "run", "--rm", "--interactive", "--user", "0", "--env", "SPIRE_DATASTORE_CONNECTION=dbname=a",
						"--entrypoint", program, image, "validate", "-expandEnv", "-config", "/dev/stdin")
					if err := validate.Reading(strings.NewReader(text)).Run(ctx); err != nil {
						t.Errorf("%s with %s: %v\n%s", file, name, err, text)
					}
					read++
				}
			}
			assert.Equal(t, 2, read, "%s: one configuration of the server, one of the agents", name)
		}
	},
}
