package templatestests

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/templates-tests/chart"
)

func TestWrongValuesAreRefusedWithTheKeyAndTheMend(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		// what the schema finds
		"spire: {enabeld: true}":                       "at '/spire': additional properties 'enabeld' not allowed",
		"router: {replicas: two}":                      "at '/router/replicas': got string, want integer",
		"spire: {server: {service: {type: Headless}}}": "at '/spire/server/service/type': value must be one of 'ClusterIP', 'NodePort', 'LoadBalancer'",
		"spire: {agent: {kubeletVerification: none}}":  "at '/spire/agent/kubeletVerification': value must be one of 'nodeCertificate', 'clusterCA', 'skip'",
		"router: {image: {digest: abc}}":               "at '/router/image/digest': 'abc' does not match pattern",
		"workloadmanager: {service: {port: 70000}}":    "at '/workloadmanager/service/port': maximum: got 70,000, want 65,535",
		"spire: {server: {dataStore: {type: sqlite}}}": "at '/spire/server/dataStore/type': value must be one of 'sqlite3', 'postgres', 'mysql'",
		// what the templates find
		"redis: {password: a, secretName: b}":                       "redis.password and redis.secretName both give the password: set one of them only",
		"redis: {embedded: {enabled: true}}":                        "redis.addr names a Redis and redis.embedded.enabled makes one: set one of them only",
		"workloadmanager: {service: {mtlsPort: 8080}}":              "give them different numbers",
		"router: {jwt: {issuerUrl: https://issuer}}":                "router.jwt.issuerUrl is set without router.jwt.audience: set both, or neither",
		"router: {jwt: {audience: agents}}":                         "router.jwt is set without router.jwt.issuerUrl: set the issuer",
		"router: {autoscaling: {minReplicas: 11}}":                  "router.autoscaling.minReplicas is above router.autoscaling.maxReplicas",
		"spire: {trustDomain: Example.org}":                         `spire.trustDomain "Example.org" is no trust domain: use lower-case letters`,
		"spire: {trustDomain: 'spiffe://example.org'}":              "is no trust domain",
		"spire: {spiffeHelper: {keyFileName: keys/key.pem}}":        `spire.spiffeHelper.keyFileName "keys/key.pem" is no file name: leave the directory to spire.spiffeHelper.certDir`,
		"spire: {spiffeHelper: {keyFileName: svid.pem}}":            "must differ: each file would overwrite another",
		"spire: {spiffeHelper: {certDir: certs}}":                   "is not absolute: begin it with a slash",
		"spire: {server: {ca: {ttl: 1d}}}":                          `spire.server.ca.ttl "1d" is no duration above zero: write hours, minutes and seconds as in 24h`,
		"spire: {server: {ca: {x509SvidDefaultTtl: 24h}}}":          "spire.server.ca.x509SvidDefaultTtl (24h) is not below spire.server.ca.ttl (24h)",
		"spire: {server: {replicas: 2}}":                            "sqlite3 is a file of one server: set spire.server.dataStore.type to postgres or mysql, or replicas to 1",
		"spire: {server: {dataStore: {type: postgres}}}":            "spire.server.dataStore.connectionString is still sqlite3's path",
		"spire: {server: {upstreamAuthority: {type: secret}}}":      "name it in spire.server.upstreamAuthority.secretName",
		"spire: {server: {upstreamAuthority: {type: certManager}}}": "name the issuer in spire.server.upstreamAuthority.issuerName",
		"spire: {server: {enabled: false}}":                         "set both to true for a SPIRE of this release, or both to false",
		"spire: {workloadAPI: {type: csi}}":                         "use hostPath, or set spire.server.enabled and spire.agent.enabled to false",
		"networkPolicies: {enabled: true}":                          "networkPolicies.nodeCIDRs is empty",
	} {
		_, err := chart.Release{Values: values(t, spire, given)}.Render()
		require.Error(t, err, given)
		assert.Contains(t, err.Error(), want, given)
	}
}

func TestFreeValuesAreNotTakenForTypos(t *testing.T) {
	t.Parallel()
	render(t, spire, `
global: {anything: {goes: here}}
router: {config: {a: b}, extraEnv: [{name: A, value: b}], nodeSelector: {a: b}, resources: {limits: {"vendor/gpu": 1}}}
spire: {server: {extraConfig: {agent_ttl: 1h}}}`)
}

func TestWithoutAClusterMissingCRDsDoNotStopTheRender(t *testing.T) {
	t.Parallel()
	renderRelease(t, chart.Release{Values: values(t, spire), APIs: []string{"v1/Pod"}})
}

func TestOnAClusterMissingCRDsAreNamedBeforeAnythingChanges(t *testing.T) {
	t.Parallel()
	live := chart.Release{Values: values(t, spire), APIs: []string{}, Live: true}
	_, err := live.Render()
	require.Error(t, err)
	assert.Contains(t, err.Error(),
		"spire.enabled needs SPIRE's CustomResourceDefinitions, which this cluster lacks: install the chart spire-crds first")

	live.APIs = []string{chart.SpireAPI}
	renderRelease(t, live)
}
