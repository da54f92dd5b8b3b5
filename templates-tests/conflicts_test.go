package templatestests

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"agentcube-mtls/templates-tests/chart"
)

// TestConflictIsRejected: a value that Kubernetes or a program would reject, drop, or give another
// meaning is rejected before anything changes. The message names the key and the fix.
func TestConflictIsRejected(t *testing.T) {
	t.Parallel()
	const (
		digits    = "^(?<letters_digits_dots_dashes_and_underscores>"
		quoteIt   = "put it in quotes, or use --set-string"
		otherName = "give it another name"
		otherPath = "give it another mountPath"
	)
	for given, wants := range map[string][]string{
		// fields that Kubernetes' types do not have, which it would drop
		"router: {resources: {limit: {memory: 1Gi}}}":                                         {"at '/router/resources'", "additional properties 'limit' not allowed"},
		"spire: {server: {resources: {request: {cpu: 1}}}}":                                   {"at '/spire/server/resources'", "additional properties 'request' not allowed"},
		"router: {podSecurityContext: {runAsNonroot: true}}":                                  {"at '/router/podSecurityContext'", "additional properties 'runAsNonroot' not allowed"},
		"router: {podSecurityContext: {seccompProfile: {typ: a}}}":                            {"at '/router/podSecurityContext/seccompProfile'", "additional properties 'typ' not allowed"},
		"router: {podSecurityContext: {runAsUser: root}}":                                     {"at '/router/podSecurityContext/runAsUser'", "got string, want null or integer"},
		"router: {extraEnv: [{name: A, valeu: x}]}":                                           {"at '/router/extraEnv/0'", "additional properties 'valeu' not allowed"},
		"router: {extraEnv: [{name: A, valueFrom: {secretRef: {name: a}}}]}":                  {"at '/router/extraEnv/0/valueFrom'", "additional properties 'secretRef' not allowed"},
		"router: {extraEnv: [{name: A, valueFrom: {secretKeyRef: {name: a}}}]}":               {"at '/router/extraEnv/0/valueFrom/secretKeyRef'", "missing property 'key'"},
		"router: {extraEnv: [{name: A, valueFrom: {}}]}":                                      {"at '/router/extraEnv/0/valueFrom'", "minProperties: got 0, want 1"},
		"router: {extraEnv: [{name: A=B}]}":                                                   {"at '/router/extraEnv/0/name'", digits},
		"router: {extraEnv: [{name: A, value: {a: b}}]}":                                      {"at '/router/extraEnv/0/value'", "got object"},
		"workloadmanager: {tolerations: [{key: a, effect: NoScheduel}]}":                      {"at '/workloadmanager/tolerations/0/effect'", "value must be one of"},
		"workloadmanager: {tolerations: [{kee: a}]}":                                          {"at '/workloadmanager/tolerations/0'", "additional properties 'kee' not allowed"},
		"workloadmanager: {tolerations: [{key: a, operator: Exists, value: b}]}":              {"at '/workloadmanager/tolerations/0/value'", "maxLength: got 1, want 0"},
		"router: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: a}]}":                 {"at '/router/topologySpreadConstraints/0'", "missing property 'whenUnsatisfiable'"},
		"router: {affinity: {nodeAfinity: {}}}":                                               {"at '/router/affinity'", "additional properties 'nodeAfinity' not allowed"},
		"router: {extraContainers: [{name: a, imge: b}]}":                                     {"at '/router/extraContainers/0'", "additional properties 'imge' not allowed"},
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {http: {}}}]}":         {"at '/router/extraContainers/0/livenessProbe'", "additional properties 'http' not allowed"},
		"router: {extraContainers: [{name: a, image: b, securityContext: {priv: 1}}]}":        {"at '/router/extraContainers/0/securityContext'", "additional properties 'priv' not allowed"},
		"router: {extraVolumes: [{name: a, configmap: {name: b}}]}":                           {"at '/router/extraVolumes/0'", "additional properties 'configmap' not allowed"},
		"router: {extraVolumes: [{name: a, emptyDir: {}, secret: {secretName: b}}]}":          {"at '/router/extraVolumes/0'", "maxProperties: got 3, want 2"},
		"router: {extraVolumeMounts: [{name: a, mountpath: /a}]}":                             {"at '/router/extraVolumeMounts/0'", "additional properties 'mountpath' not allowed"},
		"imagePullSecrets: [{title: a}]":                                                      {"at '/imagePullSecrets/0'", "additional properties 'title' not allowed"},
		"router: {resources: {limits: {memory: lots}}}":                                       {"at '/router/resources/limits/memory'", "'^(?<quantity_as_in_500m_or_1Gi>"},
		"router: {resources: {limits: {memory: -1}}}":                                         {"at '/router/resources/limits/memory'", "minimum: got -1, want 0"},
		"router: {resources: {requests: {memory: 1Gi}}}":                                      {"router.resources.requests.memory is 1Gi, above router.resources.limits.memory, 512Mi: lower the request or raise the limit"},
		"spire: {agent: {resources: {requests: {memory: 300Mi}}}}":                            {"spire.agent.resources.requests.memory is 300Mi", "lower the request or raise the limit"},
		"router: {podSecurityContext: {runAsUser: 0}}":                                        {"router.podSecurityContext.runAsUser is 0, root, and router.podSecurityContext.runAsNonRoot forbids it: change one of them"},
		"router: {extraEnv: [{name: A, value: b}, {name: A, value: c}]}":                      {"router.extraEnv has the variable A twice: remove one of them"},
		"router: {extraEnv: [{name: A, value: b, valueFrom: {fieldRef: &f {fieldPath: a}}}]}": {"router.extraEnv has both value and valueFrom for A: remove one of them"},

		// labels, annotations and what selects by them
		"router: {podLabels: {app: mine}}":                          {"router.podLabels has app, which the chart sets and depends on: remove it or " + otherName},
		"workloadmanager: {podLabels: {app: mine}}":                 {"workloadmanager.podLabels has app, which the chart sets"},
		"spire: {server: {podLabels: {app: mine}}}":                 {"spire.server.podLabels has app, which the chart sets"},
		"spire: {agent: {podLabels: {app: mine}}}":                  {"spire.agent.podLabels has app, which the chart sets"},
		"spire: {agent: {podAnnotations: {checksum/agent: a}}}":     {"spire.agent.podAnnotations has checksum/agent, which the chart sets"},
		"router: {podAnnotations: {checksum/spiffe-helper: a}}":     {"router.podAnnotations has checksum/spiffe-helper, which the chart sets"},
		"router: {annotations: {agentcube.volcano.sh/replicas: a}}": {"router.annotations has agentcube.volcano.sh/replicas, which the chart sets"},
		"router: {podLabels: {a: 'b c'}}":                           {"at '/router/podLabels/a'", "'^(?<nothing_or_letters_digits_dots_dashes_and_underscores>"},
		"router: {podLabels: {'a b': c}}":                           {"at '/router/podLabels'", "additional properties 'a b' not allowed"},
		"router: {podAnnotations: {'a b': c}}":                      {"at '/router/podAnnotations'", "additional properties 'a b' not allowed"},
		"router: {podAnnotations: {a: {b: c}}}":                     {"at '/router/podAnnotations/a'", "got object"},
		"router: {nodeSelector: {a: [b]}}":                          {"at '/router/nodeSelector/a'", "got array"},
		"router: {service: {annotations: {a: [b]}}}":                {"at '/router/service/annotations/a'", "got array"},
		"nameOverride: a b":                                         {"at '/nameOverride'", "letters_digits_dots_dashes_and_underscores>"},

		// accounts of other programs
		"router: {serviceAccountName: spire-agent}":     {"router.serviceAccountName is spire-agent, the account of another program, whose rights and identity the Router would get: name another one, or leave it empty"},
		"router: {serviceAccountName: spire-server}":    {"router.serviceAccountName is spire-server"},
		"router: {serviceAccountName: workloadmanager}": {"router.serviceAccountName is workloadmanager"},
		"router: {serviceAccountName: agentcube-test}":  {"router.serviceAccountName is agentcube-test"},
		"router: {serviceAccountName: Router}":          {"at '/router/serviceAccountName'", "'^(?<nothing_or_lower_case_letters_digits_dots_and_dashes>"},
		"spire: {identities: {clients: [{name: a, namespace: agentcube, serviceAccount: workloadmanager, podLabels: {b: c}}]}}": {"spire.identities.clients has the client a with the account workloadmanager", "give it an account of its own"},

		// two listeners, one port
		"router: {service: {targetPort: 8089}}":                                            {"the port 8089 is used twice in the pod", "change router.service, spire.spiffeHelper.healthPort or router.extraContainers"},
		"workloadmanager: {service: {mtlsPort: 8089}}":                                     {"the port 8089 is used twice in the pod", "change workloadmanager.service, spire.spiffeHelper.healthPort"},
		"spire: {spiffeHelper: {healthPort: 8443}}":                                        {"the port 8443 is used twice in the pod", "spire.spiffeHelper.healthPort"},
		"spire: {spiffeHelper: {healthPort: 8080}}":                                        {"the port 8080 is used twice in the pod", "spire.spiffeHelper.healthPort"},
		"spire: {server: {metrics: {enabled: true, port: 8080}}}":                          {"the port 8080 is used twice in the pod", "change spire.server.metrics.port"},
		"spire: {server: {metrics: {enabled: true, port: 8081}}}":                          {"the port 8081 is used twice in the pod", "change spire.server.metrics.port"},
		"spire: {server: {metrics: {enabled: true, port: 8083}}}":                          {"the port 8083 is used twice in the pod", "change spire.server.metrics.port"},
		"spire: {agent: {metrics: {enabled: true, port: 10250}}}":                          {"spire.agent.metrics.port is 10250, on which a program of Kubernetes listens on the nodes: choose another port"},
		"router: {extraContainers: [{name: a, image: b, ports: [{containerPort: 8080}]}]}": {"the port 8080 is used twice in the pod, by a", "router.extraContainers"},

		// names and paths in one pod
		"spire: {enabled: false}\nrouter: {extraContainers: [{name: spiffe-helper, image: b}]}":                        {"router.extraContainers has a container spiffe-helper", otherName},
		"router: {extraContainers: [{name: a, image: b, ports: [{name: http, containerPort: 1}]}]}":                    {"router.extraContainers has a port http, and the Service finds the program by the ports of that name: " + otherName},
		"workloadmanager: {extraContainers: [{name: a, image: b, ports: [{name: http, containerPort: 1}]}]}":           {"workloadmanager.extraContainers has a port http", otherName},
		"workloadmanager: {extraContainers: [{name: a, image: b, ports: [{name: https, containerPort: 1}]}]}":          {"workloadmanager.extraContainers has a port https", otherName},
		"router: {extraContainers: [{name: spiffe-helper, image: b}]}":                                                 {"router.extraContainers has a container spiffe-helper", otherName},
		"router: {extraContainers: [{name: agentcube-router, image: b}]}":                                              {"router.extraContainers has a container agentcube-router", otherName},
		"router: {extraContainers: [{name: wait-for-agent, image: b}]}":                                                {"router.extraContainers has a container wait-for-agent", otherName},
		"router: {extraContainers: [{name: a, image: b}, {name: a, image: b}]}":                                        {"router.extraContainers has a container a", otherName},
		"router: {extraContainers: [{name: A_b, image: b}]}":                                                           {"at '/router/extraContainers/0/name'", "lower_case_letters_digits_and_dashes>"},
		"router: {extraVolumes: [{name: certificates, emptyDir: {}}]}":                                                 {"router.extraVolumes has a volume certificates", otherName},
		"workloadmanager: {extraVolumes: [{name: workload-api, emptyDir: {}}]}":                                        {"workloadmanager.extraVolumes has a volume workload-api", otherName},
		"spire: {server: {extraVolumes: [{name: data, emptyDir: {}}]}}":                                                {"spire.server.extraVolumes has a volume data", otherName},
		"spire: {server: {extraVolumes: [{name: config, emptyDir: {}}]}}":                                              {"spire.server.extraVolumes has a volume config", otherName},
		"router: {extraVolumeMounts: [{name: a, mountPath: /a}]}":                                                      {"mount the volume a in the container agentcube-router, and the pod has no such volume: add it to router.extraVolumes"},
		"router: {extraContainers: [{name: a, image: b, volumeMounts: [{name: c, mountPath: /c}]}]}":                   {"mount the volume c in the container a, and the pod has no such volume: add it to router.extraVolumes"},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /run/spire/certs/}]}":            {"mount a volume at /run/spire/certs in the container agentcube-router", otherPath},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /run/spire/certs/a}]}":           {"another one is at /run/spire/certs: " + otherPath},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /}]}":                            {"mount a volume at / in the container agentcube-router", otherPath},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: 'a:b'}]}":                        {"at '/router/extraVolumeMounts/0/mountPath'", "path_without_colon>"},
		"spire: {server: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /run/spire/data}]}}":     {"spire.server.extraVolumeMounts", "mount a volume at /run/spire/data", otherPath},
		"router: {extraArgs: [--port=1]}":                                                                              {"router.extraArgs has --port=1, and the chart sets this flag: remove it, and set the chart's value for it instead"},
		"workloadmanager: {extraArgs: [-tls-ca=/a]}":                                                                   {"workloadmanager.extraArgs has -tls-ca=/a, and the chart sets this flag"},
		"router: {autoscaling: {enabled: true}, resources: {requests: {cpu: null}, limits: {cpu: null}}}":              {"router.autoscaling.enabled scales by a share of the requested CPU", "set requests.cpu in router.resources"},
		"router: {autoscaling: {enabled: true}, extraContainers: [{name: a, image: b}]}":                               {"set requests.cpu in router.extraContainers, in a, resources"},
		"workloadmanager: {autoscaling: {enabled: true}}\nspire: {spiffeHelper: {resources: {requests: {cpu: null}}}}": {"set requests.cpu in spire.spiffeHelper.resources"},

		// directories and files
		"spire: {spiffeHelper: {certDir: /}}":                              {"at '/spire/spiffeHelper/certDir'", "absolute_path"},
		"spire: {spiffeHelper: {certDir: /run/../etc}}":                    {"at '/spire/spiffeHelper/certDir'", "absolute_path"},
		"spire: {spiffeHelper: {certDir: '/a\"b'}}":                        {"at '/spire/spiffeHelper/certDir'", "absolute_path"},
		"spire: {spiffeHelper: {certDir: \"/a\\n\"}}":                      {"at '/spire/spiffeHelper/certDir'", "absolute_path"},
		"spire: {spiffeHelper: {certDir: /$(HOSTNAME)}}":                   {"at '/spire/spiffeHelper/certDir'", "absolute_path"},
		"spire: {spiffeHelper: {certDir: /etc}}":                           {"spire.spiffeHelper.certDir is /etc, which would hide files of the images: choose a directory of its own, as /run/spire/certs"},
		"spire: {spiffeHelper: {certDir: /usr/bin/}}":                      {"spire.spiffeHelper.certDir is /usr/bin, which would hide files"},
		"spire: {spiffeHelper: {certDir: /proc/1}}":                        {"spire.spiffeHelper.certDir is /proc/1, which would hide files"},
		"spire: {spiffeHelper: {certDir: /var/run/secrets/a}}":             {"spire.spiffeHelper.certDir is /var/run/secrets/a, which would hide files"},
		"spire: {spiffeHelper: {certDir: /run/spire/agent-sockets}}":       {"spire.spiffeHelper.certDir is /run/spire/agent-sockets, and the pods have other files in /run/spire/agent-sockets: choose a directory of its own"},
		"spire: {spiffeHelper: {certDir: /run/spire/agent-sockets/certs}}": {"the pods have other files in /run/spire/agent-sockets"},
		"spire: {spiffeHelper: {certDir: /etc/spiffe-helper}}":             {"the pods have other files in /etc/spiffe-helper"},
		"spire: {spiffeHelper: {certFileName: ..}}":                        {"at '/spire/spiffeHelper/certFileName'", "file_name_without_directory>"},
		"spire: {workloadAPI: {socketName: 'a b'}}":                        {"at '/spire/workloadAPI/socketName'", "file_name_without_directory>"},
		"spire: {workloadAPI: {socketName: $(id)}}":                        {"at '/spire/workloadAPI/socketName'", "file_name_without_directory>"},
		"spire: {workloadAPI: {hostPath: /a/../b}}":                        {"at '/spire/workloadAPI/hostPath'", "absolute_path"},
		"spire: {agent: {kubeletCertificate: /a/../b}}":                    {"at '/spire/agent/kubeletCertificate'", "absolute_path"},

		// images
		"router: {image: {tag: ''}}":                   {"router.image.tag is empty, and router.image.digest too: set one of them"},
		"spire: {server: {image: {tag: ''}}}":          {"spire.server.image.tag is empty"},
		"tools: {image: {tag: ''}}":                    {"tools.image.tag is empty"},
		"router: {image: {tag: 'a b'}}":                {"at '/router/image/tag'", digits},
		"router: {image: {tag: 12345678901234567}}":    {"router.image.tag is a number above 2^53, and has lost digits: " + quoteIt},
		"router: {image: {repository: 'https://a/b'}}": {"at '/router/image/repository'", "image_without_scheme_tag_and_digest>"},
		"router: {image: {repository: 'a/b:c'}}":       {"at '/router/image/repository'", "image_without_scheme_tag_and_digest>"},
		"global: {imageRegistry: 'https://a'}":         {"at '/global/imageRegistry'", "nothing_or_a_registry_without_scheme>"},

		// SPIRE
		"spire: {controllerManager: {ignoreNamespaces: [agent]}}":                           {"spire.controllerManager.ignoreNamespaces has agent, which matches the namespace of this release, agentcube", "narrow it"},
		"spire: {server: {extraConfig: {trust_domain: a}}}":                                 {"spire.server.extraConfig has trust_domain, and the chart writes this setting from its other values: remove it"},
		"spire: {server: {extraConfig: {Trust_Domain: a}}}":                                 {"spire.server.extraConfig has Trust_Domain"},
		"spire: {server: {extraConfig: {bind_port: 1}}}":                                    {"spire.server.extraConfig has bind_port"},
		"spire: {server: {extraConfig: {ca_ttl: 1h}}}":                                      {"spire.server.extraConfig has ca_ttl"},
		"spire: {server: {jwtIssuer: 'https://a', extraConfig: {jwt_issuer: a}}}":           {"spire.server.extraConfig has jwt_issuer"},
		"spire: {server: {extraConfig: {experimental: {cache_reload_interval: 1s}}}}":       {"spire.server.extraConfig has cache_reload_interval"},
		"spire: {agent: {extraConfig: {socket_path: /a}}}":                                  {"spire.agent.extraConfig has socket_path"},
		"spire: {agent: {extraConfig: {rebootstrap_mode: never}}}":                          {"spire.agent.extraConfig has rebootstrap_mode"},
		"spire: {agent: {extraConfig: {experimental: {sync_interval: 1s}}}}":                {"spire.agent.extraConfig has sync_interval"},
		"spire: {agent: {extraConfig: {'a b': c}}}":                                         {"at '/spire/agent/extraConfig'", "additional properties 'a b' not allowed"},
		"spire: {server: {dataStore: {type: postgres, connectionString: \"dbname=a\\n\"}}}": {"spire.server.dataStore.connectionString has a line break, as files often have at their end: remove it"},
		"spire: {server: {dataStore: {connectionString: \"/run/spire/data/a\\n\"}}}":        {"spire.server.dataStore.connectionString has a line break"},

		// numbers and shares
		"router: {replicas: 3000000000}":                                              {"at '/router/replicas'", "maximum: got 3"},
		"router: {podDisruptionBudget: {maxUnavailable: 101%}}":                       {"at '/router/podDisruptionBudget/maxUnavailable'", "share_as_in_50_percent_sign>"},
		"spire: {agent: {updateStrategy: {rollingUpdate: {maxUnavailable: 0}}}}":      {"at '/spire/agent/updateStrategy/rollingUpdate/maxUnavailable'", "minimum: got 0, want 1"},
		"spire: {agent: {updateStrategy: {rollingUpdate: {maxUnavailable: 0%}}}}":     {"at '/spire/agent/updateStrategy/rollingUpdate/maxUnavailable'", "share_as_in_50_percent_sign>"},
		"spire: {server: {persistence: {size: 0Gi}}}":                                 {"at '/spire/server/persistence/size'", "number_with_a_unit_as_in_1Gi>"},
		"router: {tolerations: [{key: a, effect: NoSchedule, tolerationSeconds: 5}]}": {"at '/router/tolerations/0/effect'", "value must be 'NoExecute'"},

		// Redis and others
		"router: {jwt: {issuerUrl: issuer, roleClaim: a, requiredRole: b}}": {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL>"},
		"networkPolicies: {nodeCIDRs: [300.0.0.0/8]}":                       {"at '/networkPolicies/nodeCIDRs/0'", "address_slash_length_of_prefix>"},
		"redis: {addr: 'redis://h:6379'}":                                   {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: 'a:1,b:2'}":                                          {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: 'h:99999'}":                                          {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: 'h:0'}":                                              {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: 'fd00::1:6379'}":                                     {"at '/redis/addr'", "with_IPv6_in_brackets"},
		"redis: {addr: 'user@h:6379'}":                                      {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: \"h:6379\\n\"}":                                      {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {password: 12345678901234567}":                              {"redis.password is a number above 2^53, and has lost digits: " + quoteIt},
		"redis: {password: \"a\\n\"}":                                       {"redis.password has a line break, as files often have at their end: remove it"},
		"redis: {secretName: A_b}":                                          {"at '/redis/secretName'", "lower_case_letters_digits_dots_and_dashes>"},
		"redis: {secretKey: ''}":                                            {"at '/redis/secretKey'", "key_of_a_Secret"},
		"router: {podAnnotations: {a: 12345678901234567}}":                  {"12345678901234568", quoteIt},
		"networkPolicies: {nodeCIDRs: [10.0.0.0/33]}":                       {"at '/networkPolicies/nodeCIDRs/0'", "address_slash_length_of_prefix>"},
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			_, err := chart.Release{Values: values(t, spire, given)}.Render()
			require.Error(t, err)
			for _, want := range wants {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

// TestReservedAccountsAreTheCharts: the Router may have none of the accounts of other programs.
func TestReservedAccountsAreTheCharts(t *testing.T) {
	t.Parallel()
	accounts := all[*corev1.ServiceAccount](render(t, spire, "volcano: {scheduler: {enabled: true}}"))
	require.Greater(t, len(accounts), 5)
	for _, account := range accounts {
		if account.Name == "agentcube-router" {
			continue
		}
		_, err := chart.Release{Values: values(t, spire, "router: {serviceAccountName: "+account.Name+"}")}.Render()
		assert.ErrorContains(t, err, "router.serviceAccountName is "+account.Name, account.Name)
	}
}
