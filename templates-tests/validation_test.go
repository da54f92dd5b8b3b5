package templatestests

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"agentcube-mtls/templates-tests/chart"
)

// Wrong values are rejected with the key and the remedy.
func TestWrongValues(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		// what the schema finds
		"spire: {enabeld: true}":                                                                               "at '/spire': additional properties 'enabeld' not allowed",
		"router: {replicas: two}":                                                                              "at '/router/replicas': got string, want null or integer",
		"spire: {server: {service: {type: Headless}}}":                                                         "at '/spire/server/service/type': value must be one of 'ClusterIP', 'NodePort', 'LoadBalancer'",
		"spire: {agent: {kubeletVerification: none}}":                                                          "at '/spire/agent/kubeletVerification': value must be one of 'auto', 'nodeCertificate', 'clusterCA', 'skip'",
		"router: {image: {digest: abc}}":                                                                       "at '/router/image/digest': 'abc' does not match pattern '^(?<nothing_or_sha256_and_64_hexadecimal_digits>",
		"workloadmanager: {service: {port: 70000}}":                                                            "at '/workloadmanager/service/port': maximum: got 70,000, want 65,535",
		"spire: {server: {dataStore: {type: sqlite}}}":                                                         "at '/spire/server/dataStore/type': value must be one of 'sqlite3', 'postgres', 'mysql'",
		"spire: {trustDomain: Example.org}":                                                                    "at '/spire/trustDomain': 'Example.org' does not match pattern '^(?<lower_case_letters_digits_dashes_underscores_and_single_dots>",
		"spire: {trustDomain: 'spiffe://example.org'}":                                                         "at '/spire/trustDomain': 'spiffe://example.org' does not match pattern",
		"spire: {spiffeHelper: {certFileName: certs/cert.pem}}":                                                "at '/spire/spiffeHelper/certFileName': 'certs/cert.pem' does not match pattern '^(?<file_name_without_directory>",
		"spire: {spiffeHelper: {keyFileName: keys/key.pem}}":                                                   "at '/spire/spiffeHelper/keyFileName': 'keys/key.pem' does not match pattern '^(?<file_name_without_directory>",
		"spire: {spiffeHelper: {bundleFileName: /bundle.pem}}":                                                 "at '/spire/spiffeHelper/bundleFileName': '/bundle.pem' does not match pattern '^(?<file_name_without_directory>",
		"spire: {spiffeHelper: {certDir: certs}}":                                                              "at '/spire/spiffeHelper/certDir': 'certs' does not match pattern '^(?<absolute_path_of_letters_digits_dots_dashes_and_underscores>",
		"spire: {server: {ca: {ttl: 1d}}}":                                                                     "at '/spire/server/ca/ttl': '1d' does not match pattern '^(?<hours_minutes_and_seconds_as_in_24h_or_1h30m>",
		"spire: {server: {ca: {x509SvidDefaultTtl: hour}}}":                                                    "at '/spire/server/ca/x509SvidDefaultTtl': 'hour' does not match pattern '^(?<hours_minutes_and_seconds_as_in_24h_or_1h30m>",
		"spire: {server: {cacheReloadInterval: 0s}}":                                                           "at '/spire/server/cacheReloadInterval': '0s' does not match pattern '^(?<minutes_and_seconds_as_in_5s_or_1m30s>",
		"spire: {agent: {syncInterval: ''}}":                                                                   "at '/spire/agent/syncInterval': '' does not match pattern '^(?<minutes_and_seconds_as_in_5s_or_1m30s>",
		"spire: {controllerManager: {gcInterval: 500ms}}":                                                      "at '/spire/controllerManager/gcInterval': '500ms' does not match pattern '^(?<hours_minutes_and_seconds_as_in_24h_or_1h30m>",
		"spire: {trustDomain: '..'}":                                                                           "at '/spire/trustDomain': '..' does not match pattern",
		"spire: {server: {persistence: {size: lots}}}":                                                         "at '/spire/server/persistence/size': 'lots' does not match pattern '^(?<number_with_a_unit_as_in_1Gi>",
		"spire: {agent: {kubeletCertificate: '/etc/kubelet server.crt'}}":                                      "at '/spire/agent/kubeletCertificate': '/etc/kubelet server.crt' does not match pattern",
		"spire: {agent: {kubeletCertificate: /kubelet.crt}}":                                                   "at '/spire/agent/kubeletCertificate': '/kubelet.crt' does not match pattern",
		"spire: {agent: {kubeletCertificate: kubelet.crt}}":                                                    "at '/spire/agent/kubeletCertificate': 'kubelet.crt' does not match pattern '^(?<absolute_path>",
		"router: {podDisruptionBudget: {maxUnavailable: many}}":                                                "at '/router/podDisruptionBudget/maxUnavailable': 'many' does not match pattern '^(?<share_as_in_50_percent_sign>",
		"router: {podDisruptionBudget: {maxUnavailable: -1}}":                                                  "at '/router/podDisruptionBudget/maxUnavailable': minimum: got -1, want 0",
		"router: {extraEnv: [A]}":                                                                              "at '/router/extraEnv/0': got string, want object",
		"workloadmanager: {rbac: {extraRules: [{apiGroups: [a], verbs: [get]}]}}":                              "at '/workloadmanager/rbac/extraRules/0': missing property 'resources'",
		"workloadmanager: {rbac: {extraRules: [{apiGroups: [a], resources: [b], verb: [get], verbs: [get]}]}}": "additional properties 'verb' not allowed",
		"workloadmanager: {rbac: {extraRules: [{apiGroups: [a], resources: [b]}]}}":                            "missing property 'verbs'",
		"router: {extraEnv: [{value: a}]}":                                                                     "at '/router/extraEnv/0': missing property 'name'",
		"redis: {addr: redis}":                                                                                 "at '/redis/addr': 'redis' does not match pattern '^(?<nothing_or_host_colon_port_as_in_redis_6379_with_IPv6_in_brackets>",
		"spire: {server: {jwtIssuer: 'https://a\"b'}}":                                                         "at '/spire/server/jwtIssuer': 'https://a\"b' does not match pattern '^(?<nothing_or_a_URL_without_user_query_and_fragment>",
		"router: {jwt: {issuerUrl: https://issuer, audience: ''}}":                                             "at '/router/jwt/audience': value must be 'the audience of the tokens, since jwt.issuerUrl is set'",
		"router: {jwt: {issuerUrl: https://issuer, roleClaim: b}}":                                             "at '/router/jwt/requiredRole': value must be 'the role that callers must have, since jwt.issuerUrl is set'",
		"router: {jwt: {roleClaim: roles}}":                                                                    "at '/router/jwt/roleClaim': value must be 'empty without jwt.issuerUrl: set that, or remove this'",
		"spire: {server: {metrics: {podMonitor: {enabled: true}}}}":                                            "at '/spire/server/metrics/enabled': value must be 'true, since podMonitor.enabled is: change one of them'",
		"spire: {agent: {metrics: {podMonitor: {enabled: true}}}}":                                             "at '/spire/agent/metrics/enabled': value must be 'true, since podMonitor.enabled is: change one of them'",
		"spire: {server: {upstreamAuthority: {type: secret}}}":                                                 "at '/spire/server/upstreamAuthority/secretName': value must be 'the name of a Secret, since upstreamAuthority.type is secret'",
		"spire: {server: {upstreamAuthority: {type: certManager}}}":                                            "at '/spire/server/upstreamAuthority/issuerName': value must be 'the name of an issuer, since upstreamAuthority.type is certManager'",
		// what the templates find
		"redis: {password: a, secretName: b}":          "redis.password and redis.secretName both give the password: set one of them only",
		"redis: {embedded: {enabled: true}}":           "redis.addr names a Redis and redis.embedded.enabled makes one: set one of them only",
		"workloadmanager: {service: {mtlsPort: 8080}}": "give them different numbers",
		"router: {autoscaling: {minReplicas: 11}}":     "router.autoscaling.minReplicas is above router.autoscaling.maxReplicas",
		"spire: {identities: {clients: [&c {name: a, namespace: b, serviceAccount: c, podLabels: {d: e}}, *c]}}": "spire.identities.clients has two clients of the name a: give each its own",
		"spire: {spiffeHelper: {keyFileName: svid.pem}}":                                                         "must differ: each file would overwrite another",
		"spire: {server: {ca: {x509SvidDefaultTtl: 24h}}}":                                                       "spire.server.ca.x509SvidDefaultTtl (24h) is not below spire.server.ca.ttl (24h), and no certificate outlives its CA: shorten the first or lengthen the second",
		"spire: {server: {ca: {ttl: 90m, x509SvidDefaultTtl: 1h30m}}}":                                           "spire.server.ca.x509SvidDefaultTtl (1h30m) is not below spire.server.ca.ttl (90m)",
		"spire: {server: {replicas: 2}}":                                                                         "sqlite3 is a file of one server: set spire.server.dataStore.type to postgres or mysql, or replicas to 1",
		"spire: {server: {dataStore: {type: postgres}}}":                                                         "spire.server.dataStore.connectionString is empty or still sqlite3's path",
		"spire: {server: {dataStore: {type: mysql, connectionString: a, secretName: b}}}":                        "both say how to reach the database: set one of them only",
		"spire: {server: {dataStore: {type: mysql, connectionString: a}}}":                                       "spire.server.dataStore.connectionString lacks parseTime=true, without which SPIRE does not start: end it with ?parseTime=true",
		"spire: {server: {enabled: false}}":                                                                      "set both to true for a SPIRE of this release, or both to false",
		"spire: {workloadAPI: {type: csi}}":                                                                      "use hostPath, or set spire.server.enabled and spire.agent.enabled to false",
		"networkPolicies: {enabled: true}":                                                                       "networkPolicies.nodeCIDRs is empty",
	} {
		_, err := chart.Release{Values: values(t, spire, given)}.Render()
		assert.ErrorContains(t, err, want, given)
	}
}

// TestStoreIsRequired: Router and WorkloadManager exit without a store for their sessions, so the
// chart must name one to both, by redis.addr, an embedded Redis, or variables of the user's. That
// holds for the values of an earlier version, too.
func TestStoreIsRequired(t *testing.T) {
	t.Parallel()
	const sentence = "redis.addr is empty, and Router and WorkloadManager exit without a store for their sessions: " +
		"set redis.addr to host:port, or try the chart with redis.embedded.enabled=true"
	extraEnv := func(program, variable string) string {
		return program + ": {extraEnv: [{name: STORE_TYPE, value: " + strings.Split(variable, "_")[0] + "}, {name: " + variable + ", value: 'store:6379'}, {name: VALKEY_PASSWORD_REQUIRED, value: false}]}"
	}
	for name, rejected := range map[string][]string{
		"defaults":                        {"{}"},
		"null":                            {"redis: {addr: null}"},
		"a password only":                 {"redis: {password: a}"},
		"mutual TLS":                      {"spire: {enabled: true}"},
		"another variable":                {extraEnv("router", "REDIS_PASSWORD"), extraEnv("workloadmanager", "REDIS_PASSWORD")},
		"REDIS_ADDR of Router":            {extraEnv("router", "REDIS_ADDR")},
		"REDIS_ADDR of WorkloadManager":   {extraEnv("workloadmanager", "REDIS_ADDR")},
		"VALKEY_ADDR of Router":           {extraEnv("router", "VALKEY_ADDR")},
		"VALKEY_ADDR of WorkloadManager":  {extraEnv("workloadmanager", "VALKEY_ADDR")},
		"REDIS_ADDR, and another of both": {extraEnv("router", "REDIS_ADDR"), extraEnv("workloadmanager", "REDIS_PASSWORD")},
	} {
		t.Run("rejected "+name, func(t *testing.T) {
			t.Parallel()
			_, err := chart.Release{Values: values(t, rejected...)}.Render()
			assert.ErrorContains(t, err, sentence)
		})
	}
	for name, accepted := range map[string][]string{
		"address":        {plain},
		"embedded Redis": {"redis: {embedded: {enabled: true}}"},
		"REDIS_ADDR":     {extraEnv("router", "REDIS_ADDR"), extraEnv("workloadmanager", "REDIS_ADDR")},
		"VALKEY_ADDR":    {extraEnv("router", "VALKEY_ADDR"), extraEnv("workloadmanager", "VALKEY_ADDR")},
	} {
		t.Run("accepted "+name, func(t *testing.T) {
			t.Parallel()
			_, err := chart.Release{Values: values(t, accepted...)}.Render()
			assert.NoError(t, err)
		})
	}

	old, err := v010()
	require.NoError(t, err)
	defaults := earlier(t)
	defaults["v0.1.0"] = old.Values
	for version, reused := range defaults {
		_, err := chart.Release{Upgrade: true, ReusedValues: reused}.Render()
		assert.ErrorContains(t, err, sentence, version)
	}
}

// A certificate may live a second less than its CA.
func TestLifeOfCA(t *testing.T) {
	t.Parallel()
	render(t, spire, "spire: {server: {ca: {ttl: 1h30m1s, x509SvidDefaultTtl: 90m}}}")
}

// Every pattern of the schema has a name that tells the remedy.
func TestPatternsHaveNames(t *testing.T) {
	t.Parallel()
	patterns := regexp.MustCompile(`"pattern": "(.*)"`).FindAllStringSubmatch(string(chart.Base().Schema), -1)
	require.NotEmpty(t, patterns)
	for _, pattern := range patterns {
		assert.Regexp(t, `^\^\(\?<\w+>.*\)\$$`, pattern[1])
	}
}

// Free values are not taken for typos.
func TestFreeValues(t *testing.T) {
	t.Parallel()
	render(t, spire, `
global: {anything: {goes: here}}
router: {config: {a: b}, extraEnv: [{name: A, value: b}], nodeSelector: {a: b}, resources: {limits: {"vendor/gpu": 1}}}
spire: {server: {extraConfig: {agent_ttl: 1h}}}`)
}

// Without a cluster, missing CRDs do not stop the render.
func TestMissingCRDsOffline(t *testing.T) {
	t.Parallel()
	renderRelease(t, chart.Release{Values: values(t, spire), APIs: []string{"v1/Pod"}})
}

// On a cluster, missing CRDs are named before anything changes.
func TestMissingCRDs(t *testing.T) {
	t.Parallel()
	for _, cluster := range []struct {
		lacks, values string
		serves        []string
	}{
		{"ClusterSPIFFEID, ClusterStaticEntry, ClusterFederatedTrustDomain", spire, []string{}},
		{"ClusterSPIFFEID", spire, chart.SpireKinds[1:]},
		{"ClusterFederatedTrustDomain", spire, chart.SpireKinds[:2]},
		{"ClusterSPIFFEID", existing, chart.SpireKinds[1:]},
	} {
		_, err := chart.Release{Values: values(t, cluster.values), APIs: cluster.serves, Live: true}.Render()
		require.ErrorContains(t, err,
			"spire.enabled needs SPIRE's CustomResourceDefinitions, and this cluster lacks "+cluster.lacks+": install the chart spire-crds first, or upgrade it")
	}
	renderRelease(t, chart.Release{Values: values(t, spire), Live: true})
	renderRelease(t, chart.Release{Values: values(t, existing), APIs: chart.SpireKinds[:1], Live: true})
}

// An existing SPIRE whose entries come from elsewhere needs no CRDs.
func TestExistingSPIREWithoutCRDs(t *testing.T) {
	t.Parallel()
	renderRelease(t, chart.Release{Values: values(t, existing, "spire: {identities: {create: false}}"), APIs: []string{}, Live: true})
}

// --set gives an integer, and a stored release, from which the next upgrade takes it, the nearest
// floating-point number.
func TestNumberAsPassword(t *testing.T) {
	t.Parallel()
	checksum := func(password any) string {
		given := values(t, plain)
		given["redis"].(map[string]any)["password"] = password
		router := get[*appsv1.Deployment](t, renderRelease(t, chart.Release{Values: given}), "agentcube-router")
		return router.Spec.Template.Annotations["checksum/redis-password"]
	}
	assert.NotEmpty(t, checksum(int64(12345678)))
	assert.Equal(t, checksum(int64(12345678)), checksum(float64(12345678)))
}

func TestTextOfDigitsStaysText(t *testing.T) {
	t.Parallel()
	objects := render(t, `
redis: {addr: "a:6379", password: 12345678}
router: {image: {tag: "20260101"}, priorityClassName: "1"}
spire: {enabled: true, trustDomain: "1e3", clusterName: "12345", identities: {className: "1"}, server: {persistence: {storageClass: "1"}}}`)
	assert.Equal(t, "12345678", get[*corev1.Secret](t, objects, "agentcube-redis").StringData["password"])
	assert.Equal(t, "ghcr.io/volcano-sh/agentcube-router:20260101", images(objects)["agentcube-router"])
	manager := configured(t, objects, "spire-controller-manager")
	for key, text := range map[string]string{"trustDomain": "1e3", "clusterName": "12345", "className": "1"} {
		assert.Equal(t, text, manager.at(key), key)
	}
}
