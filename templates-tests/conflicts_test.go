package templatestests

import (
	"fmt"
	"strings"
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
		digits     = "^(?<letters_digits_dots_dashes_and_underscores>"
		quoteIt    = "put it in quotes, or use --set-string"
		otherName  = "give it another name"
		otherPath  = "give it another mountPath"
		system     = "and so hide its programs or files of the system: " + otherPath
		line       = "text_without_line_breaks_as_files_have_at_their_end>"
		noTag      = "sha256_and_a_digest_unless_there_is_a_tag>"
		lower      = "lower the request or raise the limit"
		bothValues = "empty beside valueFrom: remove one of them"
		names      = "nothing_or_lower_case_letters_digits_dots_and_dashes>"
		prefix     = "of a name with at most 253 characters before the slash: shorten it"
		image      = "image_without_scheme_tag_and_digest>"
	)
	longPrefix := strings.Repeat("a.", 126) + "aa" // 254 characters
	half := strings.Repeat("a", 131072)            // of what all annotations of an object may have
	for given, wants := range map[string][]string{
		// fields that Kubernetes' types do not have, which it would drop
		"router: {resources: {limit: {memory: 1Gi}}}":                                                                         {"at '/router/resources'", "additional properties 'limit' not allowed"},
		"spire: {server: {resources: {request: {cpu: 1}}}}":                                                                   {"at '/spire/server/resources'", "additional properties 'request' not allowed"},
		"router: {podSecurityContext: {runAsNonroot: true}}":                                                                  {"at '/router/podSecurityContext'", "additional properties 'runAsNonroot' not allowed"},
		"router: {podSecurityContext: {seccompProfile: {typ: a}}}":                                                            {"at '/router/podSecurityContext/seccompProfile'", "additional properties 'typ' not allowed"},
		"router: {podSecurityContext: {runAsUser: root}}":                                                                     {"at '/router/podSecurityContext/runAsUser'", "got string, want null or integer"},
		"router: {extraEnv: [{name: A, valeu: x}]}":                                                                           {"at '/router/extraEnv/0'", "additional properties 'valeu' not allowed"},
		"router: {extraEnv: [{name: A, valueFrom: {secretRef: {name: a}}}]}":                                                  {"at '/router/extraEnv/0/valueFrom'", "additional properties 'secretRef' not allowed"},
		"router: {extraEnv: [{name: A, valueFrom: {secretKeyRef: {name: a}}}]}":                                               {"at '/router/extraEnv/0/valueFrom/secretKeyRef'", "missing property 'key'"},
		"router: {extraEnv: [{name: A, valueFrom: {}}]}":                                                                      {"at '/router/extraEnv/0/valueFrom'", "minProperties: got 0, want 1"},
		"router: {extraEnv: [{name: A=B}]}":                                                                                   {"at '/router/extraEnv/0/name'", digits},
		"router: {extraEnv: [{name: A, value: {a: b}}]}":                                                                      {"at '/router/extraEnv/0/value'", "got object"},
		"workloadmanager: {tolerations: [{key: a, effect: NoScheduel}]}":                                                      {"at '/workloadmanager/tolerations/0/effect'", "value must be one of"},
		"workloadmanager: {tolerations: [{kee: a}]}":                                                                          {"at '/workloadmanager/tolerations/0'", "additional properties 'kee' not allowed"},
		"workloadmanager: {tolerations: [{key: a, operator: Exists, value: b}]}":                                              {"at '/workloadmanager/tolerations/0/value'", "maxLength: got 1, want 0"},
		"router: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: a}]}":                                                 {"at '/router/topologySpreadConstraints/0'", "missing property 'whenUnsatisfiable'"},
		"router: {affinity: {nodeAfinity: {}}}":                                                                               {"at '/router/affinity'", "additional properties 'nodeAfinity' not allowed"},
		"router: {extraContainers: [{name: a, imge: b}]}":                                                                     {"at '/router/extraContainers/0'", "additional properties 'imge' not allowed"},
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {http: {}}}]}":                                         {"at '/router/extraContainers/0/livenessProbe'", "additional properties 'http' not allowed"},
		"router: {extraContainers: [{name: a, image: b, securityContext: {priv: 1}}]}":                                        {"at '/router/extraContainers/0/securityContext'", "additional properties 'priv' not allowed"},
		"router: {extraVolumes: [{name: a, configmap: {name: b}}]}":                                                           {"at '/router/extraVolumes/0'", "additional properties 'configmap' not allowed"},
		"router: {extraVolumes: [{name: a, emptyDir: {}, secret: {secretName: b}}]}":                                          {"at '/router/extraVolumes/0'", "maxProperties: got 3, want 2"},
		"router: {extraVolumeMounts: [{name: a, mountpath: /a}]}":                                                             {"at '/router/extraVolumeMounts/0'", "additional properties 'mountpath' not allowed"},
		"imagePullSecrets: [{title: a}]":                                                                                      {"at '/imagePullSecrets/0'", "additional properties 'title' not allowed"},
		"router: {resources: {limits: {memory: lots}}}":                                                                       {"at '/router/resources/limits/memory'", "'^(?<quantity_as_in_500m_or_1Gi>"},
		"router: {resources: {limits: {memory: -1}}}":                                                                         {"at '/router/resources/limits/memory'", "minimum: got -1, want 0"},
		"router: {resources: {requests: {memory: 1Gi}}}":                                                                      {"router.resources.requests.memory is 1Gi, above router.resources.limits.memory, 512Mi: lower the request or raise the limit"},
		"spire: {agent: {resources: {requests: {memory: 300Mi}}}}":                                                            {"spire.agent.resources.requests.memory is 300Mi", "lower the request or raise the limit"},
		"router: {podSecurityContext: {runAsUser: 0}}":                                                                        {"router.podSecurityContext.runAsUser is 0, root, and router.podSecurityContext.runAsNonRoot forbids it: change one of them"},
		"router: {extraEnv: [{name: A, value: b}, {name: A, value: c}]}":                                                      {"router.extraEnv has A twice: remove one of them"},
		"router: {extraEnv: [{name: A, value: b, valueFrom: {fieldRef: &f {fieldPath: a}}}]}":                                 {"at '/router/extraEnv/0/value'", bothValues},
		"router: {extraEnv: [{name: A, value: 0, valueFrom: {fieldRef: &f {fieldPath: a}}}]}":                                 {"at '/router/extraEnv/0/value'", bothValues},
		"router: {extraEnv: [{name: A, value: false, valueFrom: {fieldRef: &f {fieldPath: a}}}]}":                             {"at '/router/extraEnv/0/value'", bothValues},
		"router: {extraContainers: [{name: a, image: b, env: [{name: A, value: 0, valueFrom: {fieldRef: {fieldPath: a}}}]}]}": {"at '/router/extraContainers/0/env/0/value'", bothValues},
		"router: {extraEnv: [{name: null}]}":                                                                                  {"at '/router/extraEnv/0/name'", "got null, want string"},

		// resources
		"router: {resources: {limits: {gpu: 1}}}":                                  {"at '/router/resources/limits'", "additional properties 'gpu' not allowed"},
		"router: {resources: {requests: {Memory: 1Gi}}}":                           {"at '/router/resources/requests'", "additional properties 'Memory' not allowed"},
		"router: {resources: {limits: {vendor/gpu: 1.5}}}":                         {"at '/router/resources/limits/vendor~1gpu'", "got number, want null or integer or string"},
		"router: {resources: {limits: {vendor/gpu: 500m}}}":                        {"at '/router/resources/limits/vendor~1gpu'", "whole_number>"},
		"router: {resources: {claims: [{name: a}]}}":                               {"at '/router/resources/claims'", "maxItems: got 1, want 0"},
		"router: {resources: {requests: {memory: 1E}, limits: {memory: 1P}}}":      {"router.resources.requests.memory is 1E, above router.resources.limits.memory, 1P", lower},
		"router: {resources: {requests: {memory: 1Ei}, limits: {memory: 1P}}}":     {"router.resources.requests.memory is 1Ei", lower},
		"router: {resources: {requests: {memory: 1Gi}, limits: {memory: 1e3}}}":    {"router.resources.limits.memory, 1000", lower},
		"router: {resources: {requests: {memory: 1Gi}, limits: {memory: '1E+3'}}}": {"router.resources.limits.memory, 1E+3", lower},
		"router: {resources: {requests: {cpu: '+2'}, limits: {cpu: 1000000u}}}":    {"router.resources.requests.cpu is +2, above router.resources.limits.cpu, 1000000u", lower},
		"router: {resources: {requests: {cpu: 1}, limits: {cpu: 10n}}}":            {"router.resources.requests.cpu is 1, above router.resources.limits.cpu, 10n", lower},
		"workloadmanager: {extraContainers: [{name: a, image: b, resources: {requests: {cpu: 2}, limits: {cpu: 1}}}]}": {
			"workloadmanager.extraContainers, in a, resources.requests.cpu is 2, above", lower,
		},

		// labels, annotations and what selects by them
		"router: {podLabels: {app: mine}}":                                                                   {"router.podLabels has app, which the chart sets and depends on: remove it or " + otherName},
		"workloadmanager: {podLabels: {app: mine}}":                                                          {"workloadmanager.podLabels has app, which the chart sets"},
		"spire: {server: {podLabels: {app: mine}}}":                                                          {"spire.server.podLabels has app, which the chart sets"},
		"spire: {agent: {podLabels: {app: mine}}}":                                                           {"spire.agent.podLabels has app, which the chart sets"},
		"spire: {agent: {podAnnotations: {checksum/agent: a}}}":                                              {"spire.agent.podAnnotations has checksum/agent, which the chart sets"},
		"router: {podAnnotations: {checksum/spiffe-helper: a}}":                                              {"router.podAnnotations has checksum/spiffe-helper, which the chart sets"},
		"router: {annotations: {agentcube.volcano.sh/replicas: a}}":                                          {"at '/router/annotations/agentcube.volcano.sh~1replicas'", "absent, since Helm or the chart reads it: remove it"},
		"workloadmanager: {annotations: {helm.sh/hook: pre-install}}":                                        {"at '/workloadmanager/annotations/helm.sh~1hook'", "absent, since Helm or the chart reads it: remove it"},
		"router: {service: {annotations: {helm.sh/hook-weight: 1}}}":                                         {"at '/router/service/annotations/helm.sh~1hook-weight'", "absent, or Helm would take the object for a hook: remove it"},
		"router: {podLabels: {a: -1}}":                                                                       {"at '/router/podLabels/a'", "minimum: got -1, want 0"},
		"router: {podLabels: {a..b/c: d}}":                                                                   {"at '/router/podLabels'", "additional properties 'a..b/c' not allowed"},
		"router: {podLabels: {a-.b/c: d}}":                                                                   {"at '/router/podLabels'", "additional properties 'a-.b/c' not allowed"},
		"router: {podLabels: {A.b/c: d}}":                                                                    {"at '/router/podLabels'", "additional properties 'A.b/c' not allowed"},
		"router: {podAnnotations: {a..b/c: d}}":                                                              {"at '/router/podAnnotations'", "additional properties 'a..b/c' not allowed"},
		"router: {podLabels: {" + digest + ": d}}":                                                           {"at '/router/podLabels'", "additional properties"},
		"router: {podAnnotations: {a/" + digest + ": d}}":                                                    {"at '/router/podAnnotations'", "additional properties"},
		"spire: {identities: {clients: [{name: a, namespace: b, serviceAccount: c, podLabels: {d: null}}]}}": {"at '/spire/identities/clients/0/podLabels/d'", "got null"},
		"router: {podLabels: {a: 'b c'}}":                                                                    {"at '/router/podLabels/a'", "'^(?<nothing_or_letters_digits_dots_dashes_and_underscores>"},
		"router: {podLabels: {'a b': c}}":                                                                    {"at '/router/podLabels'", "additional properties 'a b' not allowed"},
		"router: {podAnnotations: {'a b': c}}":                                                               {"at '/router/podAnnotations'", "additional properties 'a b' not allowed"},
		"router: {podAnnotations: {a: {b: c}}}":                                                              {"at '/router/podAnnotations/a'", "got object"},
		"router: {nodeSelector: {a: [b]}}":                                                                   {"at '/router/nodeSelector/a'", "got array"},
		"router: {service: {annotations: {a: [b]}}}":                                                         {"at '/router/service/annotations/a'", "got array"},
		"nameOverride: a b":                                                                                  {"at '/nameOverride'", "letters_digits_dots_dashes_and_underscores>"},

		// accounts of other programs
		"router: {serviceAccountName: spire-agent}":     {"router.serviceAccountName is spire-agent, the account of another program, whose rights and identity the Router would get: name another one, or leave it empty"},
		"router: {serviceAccountName: spire-server}":    {"router.serviceAccountName is spire-server"},
		"router: {serviceAccountName: workloadmanager}": {"router.serviceAccountName is workloadmanager"},
		"router: {serviceAccountName: agentcube-test}":  {"router.serviceAccountName is agentcube-test"},
		"router: {serviceAccountName: Router}":          {"at '/router/serviceAccountName'", "'^(?<nothing_or_lower_case_letters_digits_dots_and_dashes>"},
		"spire: {identities: {clients: [{name: a, namespace: agentcube, serviceAccount: workloadmanager, podLabels: {b: c}}]}}":                          {"spire.identities.clients has the client a with the account workloadmanager", "give it an account of its own"},
		"spire: {identities: {clients: [{name: a, namespace: agentcube, serviceAccount: agentcube-router, podLabels: {b: c}}]}}":                         {"spire.identities.clients has the client a with the account agentcube-router", "give it an account of its own"},
		"{router: {serviceAccountName: own}, spire: {identities: {clients: [{name: a, namespace: agentcube, serviceAccount: own, podLabels: {b: c}}]}}}": {"has the client a with the account own", "give it an account of its own"},
		"spire: {identities: {clients: [{name: a, namespace: b, serviceAccount: a..b, podLabels: {b: c}}]}}":                                             {"at '/spire/identities/clients/0/serviceAccount'", names},
		"spire: {identities: {clients: [{name: a, namespace: b, serviceAccount: '', podLabels: {b: c}}]}}":                                               {"at '/spire/identities/clients/0/serviceAccount'", "minLength: got 0, want 1"},
		"router: {serviceAccountName: a..b}":                   {"at '/router/serviceAccountName'", names},
		"router: {priorityClassName: a.-b}":                    {"at '/router/priorityClassName'", names},
		"redis: {secretName: a-.b}":                            {"at '/redis/secretName'", names},
		"spire: {server: {persistence: {storageClass: a..b}}}": {"at '/spire/server/persistence/storageClass'", names},

		// two listeners, one port
		"router: {service: {targetPort: 8089}}":                                                                                       {"the port 8089 is used twice in the pod", "change router.service, spire.spiffeHelper.healthPort or router.extraContainers"},
		"workloadmanager: {service: {mtlsPort: 8089}}":                                                                                {"the port 8089 is used twice in the pod", "change workloadmanager.service, spire.spiffeHelper.healthPort"},
		"spire: {spiffeHelper: {healthPort: 8443}}":                                                                                   {"the port 8443 is used twice in the pod", "spire.spiffeHelper.healthPort"},
		"spire: {spiffeHelper: {healthPort: 8080}}":                                                                                   {"the port 8080 is used twice in the pod", "spire.spiffeHelper.healthPort"},
		"spire: {server: {metrics: {enabled: true, port: 8080}}}":                                                                     {"the port 8080 is used twice in the pod", "change spire.server.metrics.port"},
		"spire: {server: {metrics: {enabled: true, port: 8081}}}":                                                                     {"the port 8081 is used twice in the pod", "change spire.server.metrics.port"},
		"spire: {server: {metrics: {enabled: true, port: 8083}}}":                                                                     {"the port 8083 is used twice in the pod", "change spire.server.metrics.port"},
		"spire: {agent: {metrics: {enabled: true, port: 10250}}}":                                                                     {"spire.agent.metrics.port is 10250, on which another program listens on the nodes: choose another port"},
		"router: {extraContainers: [{name: a, image: b, ports: [{containerPort: 8080}]}]}":                                            {"the port 8080 is used twice in the pod, by a", "router.extraContainers"},
		"router: {extraContainers: [{name: a, image: b, ports: [{containerPort: 1, hostPort: 5}, {containerPort: 2, hostPort: 5}]}]}": {"the port 5 of the node is used twice in the pod, by a", "router.extraContainers"},
		"router: {extraContainers: [{name: a, image: b, ports: [{name: c, containerPort: 1}, {name: c, containerPort: 2}]}]}":         {"the port c of a is used twice in the pod, by a", "router.extraContainers"},
		"router: {extraContainers: [{name: a, image: b, ports: [{containerPort: 65536}]}]}":                                           {"at '/router/extraContainers/0/ports/0/containerPort'", "maximum: got 65,536, want 65,535"},
		"router: {extraContainers: [{name: a, image: b, ports: [{containerPort: null}]}]}":                                            {"at '/router/extraContainers/0/ports/0/containerPort'", "got null, want integer"},
		"router: {extraContainers: [{name: a, image: b, ports: [{name: a--b, containerPort: 1}]}]}":                                   {"at '/router/extraContainers/0/ports/0/name'", "single_dashes_with_a_letter>"},
		"router: {extraContainers: [{name: a, image: b, ports: [{name: '1-2', containerPort: 1}]}]}":                                  {"at '/router/extraContainers/0/ports/0/name'", "single_dashes_with_a_letter>"},
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {httpGet: {port: 0}}}]}":                                       {"at '/router/extraContainers/0/livenessProbe/httpGet/port'", "minimum: got 0, want 1"},
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {tcpSocket: {port: a_b}}}]}":                                   {"at '/router/extraContainers/0/livenessProbe/tcpSocket/port'", "single_dashes_with_a_letter>"},
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {periodSeconds: 1}}]}":                                         {"at '/router/extraContainers/0/livenessProbe'", "missing property 'httpGet'"},
		"router: {extraContainers: [{name: a, image: b, readinessProbe: {exec: {command: [c]}, tcpSocket: {port: 1}}}]}":              {"at '/router/extraContainers/0/readinessProbe'", "'oneOf' failed, subschemas 0, 3 matched"},
		"router: {extraContainers: [{name: a, image: b, lifecycle: {preStop: {}}}]}":                                                  {"at '/router/extraContainers/0/lifecycle/preStop'", "minProperties: got 0, want 1"},
		"router: {extraContainers: [{name: a, image: b, restartPolicy: Always}]}":                                                     {"at '/router/extraContainers/0/restartPolicy'", "nothing_since_containers_of_a_Deployment_restart_always>"},

		// names and paths in one pod
		"spire: {enabled: false}\nrouter: {extraContainers: [{name: spiffe-helper, image: b}]}":                                                   {"router.extraContainers has a container spiffe-helper", otherName},
		"router: {extraContainers: [{name: a, image: b, ports: [{name: http, containerPort: 1}]}]}":                                               {"router.extraContainers has a port http, and the Service finds the program by the ports of that name: " + otherName},
		"workloadmanager: {extraContainers: [{name: a, image: b, ports: [{name: http, containerPort: 1}]}]}":                                      {"workloadmanager.extraContainers has a port http", otherName},
		"workloadmanager: {extraContainers: [{name: a, image: b, ports: [{name: https, containerPort: 1}]}]}":                                     {"workloadmanager.extraContainers has a port https", otherName},
		"router: {extraContainers: [{name: spiffe-helper, image: b}]}":                                                                            {"router.extraContainers has a container spiffe-helper", otherName},
		"router: {extraContainers: [{name: agentcube-router, image: b}]}":                                                                         {"router.extraContainers has a container agentcube-router", otherName},
		"router: {extraContainers: [{name: wait-for-agent, image: b}]}":                                                                           {"router.extraContainers has a container wait-for-agent", otherName},
		"router: {extraContainers: [{name: a, image: b}, {name: a, image: b}]}":                                                                   {"router.extraContainers has a container a", otherName},
		"router: {extraContainers: [{name: A_b, image: b}]}":                                                                                      {"at '/router/extraContainers/0/name'", "lower_case_letters_digits_and_dashes>"},
		"router: {extraVolumes: [{name: certificates, emptyDir: {}}]}":                                                                            {"router.extraVolumes has a volume certificates", otherName},
		"workloadmanager: {extraVolumes: [{name: workload-api, emptyDir: {}}]}":                                                                   {"workloadmanager.extraVolumes has a volume workload-api", otherName},
		"spire: {server: {extraVolumes: [{name: data, emptyDir: {}}]}}":                                                                           {"spire.server.extraVolumes has a volume data", otherName},
		"spire: {server: {extraVolumes: [{name: config, emptyDir: {}}]}}":                                                                         {"spire.server.extraVolumes has a volume config", otherName},
		"router: {extraVolumeMounts: [{name: a, mountPath: /a}]}":                                                                                 {"mount the volume a in the container agentcube-router, and the pod has no such volume: add it to router.extraVolumes"},
		"router: {extraContainers: [{name: a, image: b, volumeMounts: [{name: c, mountPath: /c}]}]}":                                              {"mount the volume c in the container a, and the pod has no such volume: add it to router.extraVolumes"},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /run/spire/certs/}]}":                                       {"mount a volume at /run/spire/certs in the container agentcube-router", otherPath},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /run/spire/certs/a}]}":                                      {"another one is at /run/spire/certs: " + otherPath},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /run/spire}]}":                                              {"router.extraVolumeMounts or extraContainers mount a volume at /run/spire in the container agentcube-router, and another one is at /run/spire/certs: " + otherPath},
		"workloadmanager: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /run}]}":                                           {"mount a volume at /run in the container workloadmanager", otherPath},
		"workloadmanager: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a/b}, {name: a, mountPath: /a, readOnly: true}]}": {"mount a volume at /a in the container workloadmanager, and another one is at /a/b: " + otherPath},
		"spire: {server: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /tmp/spire-server}]}}":                              {"spire.server.extraVolumeMounts mount a volume at /tmp/spire-server", otherPath},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /var/run/secrets}]}":                                        {"mount a volume at /var/run/secrets", system},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /etc}]}":                                                    {"mount a volume at /etc in the container agentcube-router", system},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /usr/bin/}]}":                                               {"mount a volume at /usr/bin", system},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /proc/1}]}":                                                 {"mount a volume at /proc/1", system},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /etc/hosts}]}":                                              {"mount a volume at /etc/hosts", system},
		"router: {extraVolumes: [{name: a}], extraContainers: [{name: c, image: d, volumeMounts: [{name: a, mountPath: /lib}]}]}":                 {"mount a volume at /lib in the container c", system},
		"spire: {server: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /opt/spire/bin}]}}":                                 {"spire.server.extraVolumeMounts mount a volume at /opt/spire/bin", system},
		"spire: {server: {extraVolumeMounts: [{name: b, mountPath: /b}]}}":                                                                        {"spire.server.extraVolumeMounts mount the volume b in the container spire-server"},
		"router: {extraVolumes: [{name: a, secret: {}}]}":                                                                                         {"at '/router/extraVolumes/0/secret'", "missing property 'secretName'"},
		"router: {extraVolumes: [{name: a, configMap: {}}]}":                                                                                      {"at '/router/extraVolumes/0/configMap'", "missing property 'name'"},
		"router: {extraVolumes: [{name: a, configMap: {name: null}}]}":                                                                            {"at '/router/extraVolumes/0/configMap/name'", "got null, want string"},
		"router: {extraVolumes: [{name: a, projected: {sources: [{secret: {}}]}}]}":                                                               {"at '/router/extraVolumes/0/projected/sources/0/secret'", "missing property 'name'"},
		"router: {extraVolumes: [{name: a, secret: {secretName: b, defaultMode: 777}}]}":                                                          {"at '/router/extraVolumes/0/secret/defaultMode'", "maximum: got 777, want 511"},
		"router: {extraVolumes: [{name: a, configMap: {name: b, items: [{key: c, path: d, mode: 777}]}}]}":                                        {"at '/router/extraVolumes/0/configMap/items/0/mode'", "maximum: got 777, want 511"},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /}]}":                                                       {"mount a volume at / in the container agentcube-router", otherPath},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: 'a:b'}]}":                                                   {"at '/router/extraVolumeMounts/0/mountPath'", "path_without_colon>"},
		"spire: {server: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /run/spire/data}]}}":                                {"spire.server.extraVolumeMounts", "mount a volume at /run/spire/data", otherPath},
		"router: {extraArgs: [--port=1]}":                                                                                                         {"router.extraArgs has --port=1, and the chart sets this flag: remove it, and set the chart's value for it instead"},
		"workloadmanager: {extraArgs: [-tls-ca=/a]}":                                                                                              {"workloadmanager.extraArgs has -tls-ca=/a, and the chart sets this flag"},
		"router: {autoscaling: {enabled: true}, resources: {requests: {cpu: null}, limits: {cpu: null}}}":                                         {"router.autoscaling.enabled scales by a share of the requested CPU", "set requests.cpu in router.resources"},
		"router: {autoscaling: {enabled: true}, extraContainers: [{name: a, image: b}]}":                                                          {"set requests.cpu in router.extraContainers, in a, resources"},
		"router: {autoscaling: {enabled: true}, resources: {requests: {cpu: '0'}}}":                                                               {"set requests.cpu in router.resources"},
		"router: {autoscaling: {enabled: true}, resources: {requests: {cpu: 0m}}}":                                                                {"set requests.cpu in router.resources"},
		"router: {autoscaling: {enabled: true}, resources: {requests: {cpu: 0.0}}}":                                                               {"set requests.cpu in router.resources"},
		"workloadmanager: {autoscaling: {enabled: true}}\nspire: {spiffeHelper: {resources: {requests: {cpu: null}}}}":                            {"set requests.cpu in spire.spiffeHelper.resources"},

		// directories and files
		"spire: {spiffeHelper: {certDir: /}}":                                 {"at '/spire/spiffeHelper/certDir'", "absolute_path"},
		"spire: {spiffeHelper: {certDir: /run/../etc}}":                       {"at '/spire/spiffeHelper/certDir'", "absolute_path"},
		"spire: {spiffeHelper: {certDir: '/a\"b'}}":                           {"at '/spire/spiffeHelper/certDir'", "absolute_path"},
		"spire: {spiffeHelper: {certDir: \"/a\\n\"}}":                         {"at '/spire/spiffeHelper/certDir'", "absolute_path"},
		"spire: {spiffeHelper: {certDir: /$(HOSTNAME)}}":                      {"at '/spire/spiffeHelper/certDir'", "absolute_path"},
		"spire: {spiffeHelper: {certDir: /etc}}":                              {"spire.spiffeHelper.certDir is /etc, which would hide files of the images: choose a directory of its own, as /run/spire/certs"},
		"spire: {spiffeHelper: {certDir: /usr/bin/}}":                         {"spire.spiffeHelper.certDir is /usr/bin, which would hide files"},
		"spire: {spiffeHelper: {certDir: /proc/1}}":                           {"spire.spiffeHelper.certDir is /proc/1, which would hide files"},
		"spire: {spiffeHelper: {certDir: /var/run/secrets/a}}":                {"spire.spiffeHelper.certDir is /var/run/secrets/a, which would hide files"},
		"spire: {spiffeHelper: {certDir: /run/spire/agent-sockets}}":          {"spire.spiffeHelper.certDir is /run/spire/agent-sockets, and the pods have other files in /run/spire/agent-sockets: choose a directory of its own"},
		"spire: {spiffeHelper: {certDir: /run/spire/agent-sockets/certs}}":    {"the pods have other files in /run/spire/agent-sockets"},
		"spire: {spiffeHelper: {certDir: /etc/spiffe-helper}}":                {"the pods have other files in /etc/spiffe-helper"},
		"spire: {spiffeHelper: {certDir: /etc/hosts}}":                        {"spire.spiffeHelper.certDir is /etc/hosts, which would hide files"},
		"spire: {spiffeHelper: {certDir: /etc/resolv.conf}}":                  {"spire.spiffeHelper.certDir is /etc/resolv.conf, which would hide files"},
		"spire: {spiffeHelper: {certDir: /etc/passwd}}":                       {"spire.spiffeHelper.certDir is /etc/passwd, which would hide files"},
		"spire: {spiffeHelper: {certDir: /etc/pki/tls}}":                      {"spire.spiffeHelper.certDir is /etc/pki/tls, which would hide files"},
		"spire: {spiffeHelper: {certDir: /var/lib}}":                          {"spire.spiffeHelper.certDir is /var/lib, which would hide files"},
		"spire: {spiffeHelper: {certDir: /spiffe-helper}}":                    {"spire.spiffeHelper.certDir is /spiffe-helper, which would hide files"},
		"spire: {workloadAPI: {socketName: " + strings.Repeat("a", 83) + "}}": {"at '/spire/workloadAPI/socketName'", "maxLength: got 83, want 82"},
		"spire: {spiffeHelper: {certFileName: ..}}":                           {"at '/spire/spiffeHelper/certFileName'", "file_name_without_directory>"},
		"spire: {workloadAPI: {socketName: 'a b'}}":                           {"at '/spire/workloadAPI/socketName'", "file_name_without_directory>"},
		"spire: {workloadAPI: {socketName: $(id)}}":                           {"at '/spire/workloadAPI/socketName'", "file_name_without_directory>"},
		"spire: {workloadAPI: {hostPath: /a/../b}}":                           {"at '/spire/workloadAPI/hostPath'", "absolute_path"},
		"spire: {agent: {kubeletCertificate: /a/../b}}":                       {"at '/spire/agent/kubeletCertificate'", "absolute_path"},

		// images
		"router: {image: {tag: ''}}":                   {"at '/router/image/digest'", noTag},
		"spire: {server: {image: {tag: ''}}}":          {"at '/spire/server/image/digest'", noTag},
		"tools: {image: {tag: ''}}":                    {"at '/tools/image/digest'", noTag},
		"router: {image: {tag: 'a b'}}":                {"at '/router/image/tag'", digits},
		"router: {image: {tag: 12345678901234567}}":    {"at '/router/image/tag'", quoteIt},
		"router: {image: {tag: -5}}":                   {"at '/router/image/tag'", quoteIt},
		"router: {image: {repository: ghcr.io/a//b}}":  {"at '/router/image/repository'", image},
		"router: {image: {repository: a/-b}}":          {"at '/router/image/repository'", image},
		"router: {image: {repository: a..b}}":          {"at '/router/image/repository'", image},
		"router: {image: {repository: 'a:65536/b'}}":   {"at '/router/image/repository'", image},
		"global: {imageRegistry: 'a:65536'}":           {"at '/global/imageRegistry'", "nothing_or_a_registry_without_scheme>"},
		"global: {imageRegistry: a//b}":                {"at '/global/imageRegistry'", "nothing_or_a_registry_without_scheme>"},
		"router: {image: {repository: 'https://a/b'}}": {"at '/router/image/repository'", "image_without_scheme_tag_and_digest>"},
		"router: {image: {repository: 'a/b:c'}}":       {"at '/router/image/repository'", "image_without_scheme_tag_and_digest>"},
		"global: {imageRegistry: 'https://a'}":         {"at '/global/imageRegistry'", "nothing_or_a_registry_without_scheme>"},

		// SPIRE
		"spire: {controllerManager: {ignoreNamespaces: [agent]}}": {"spire.controllerManager.ignoreNamespaces has agent, which matches the namespace of this release, agentcube", "narrow it"},
		"spire: {controllerManager: {ignoreNamespaces: [^shop$]}, identities: {clients: [{name: a, namespace: shop, serviceAccount: b, podLabels: {c: d}}]}}": {"spire.controllerManager.ignoreNamespaces has ^shop$, which matches the namespace of the client a, shop", "narrow it"},
		"spire: {server: {upstreamAuthority: {secretName: a}}}":                             {"at '/spire/server/upstreamAuthority/secretName'", "empty without upstreamAuthority.type: set that to secret or certManager, or remove this"},
		"spire: {server: {upstreamAuthority: {type: null, issuerName: a}}}":                 {"at '/spire/server/upstreamAuthority/issuerName'", "empty without upstreamAuthority.type: set that to secret or certManager, or remove this"},
		"spire: {server: {extraConfig: {trust_domain: a}}}":                                 {"spire.server.extraConfig has trust_domain, and the chart writes this setting from its other values: remove it"},
		"spire: {server: {image: {tag: other}, extraConfig: {Trust_Domain: a}}}":            {"spire.server.extraConfig has Trust_Domain"},
		"spire: {server: {extraConfig: {agent_tttl: 1h}}}":                                  {"at '/spire/server/extraConfig'", "additional properties 'agent_tttl' not allowed"},
		"spire: {server: {extraConfig: {ratelimit: {sigining: false}}}}":                    {"at '/spire/server/extraConfig/ratelimit'", "additional properties 'sigining' not allowed"},
		"spire: {server: {extraConfig: {federation: {federates_with: {a: {url: b}}}}}}":     {"at '/spire/server/extraConfig/federation/federates_with/a'", "additional properties 'url' not allowed"},
		"spire: {agent: {extraConfig: {agent_ttl: 1h}}}":                                    {"at '/spire/agent/extraConfig'", "additional properties 'agent_ttl' not allowed"},
		"spire: {server: {image: {tag: other}, extraConfig: {audit_log_enabled: 'true'}}}":  {"at '/spire/server/extraConfig/audit_log_enabled'", "got string, want null or boolean"},
		"spire: {server: {image: {tag: other}, extraConfig: {agent_ttl: 3600}}}":            {"at '/spire/server/extraConfig/agent_ttl'", "got number, want null or string"},
		"spire: {server: {extraConfig: {agent_ttl: 1d}}}":                                   {"at '/spire/server/extraConfig/agent_ttl'", "nothing_or_a_duration_as_in_1h30m>"},
		"spire: {server: {extraConfig: {log_file: true}}}":                                  {"at '/spire/server/extraConfig/log_file'", "got boolean, want null or integer or string"},
		"spire: {server: {extraConfig: {admin_ids: a}}}":                                    {"at '/spire/server/extraConfig/admin_ids'", "got string, want null or array"},
		"spire: {server: {extraConfig: {ratelimit: false}}}":                                {"at '/spire/server/extraConfig/ratelimit'", "got boolean, want null or array or object"},
		"spire: {agent: {extraConfig: {experimental: {use_sync_authorized_entries: 1}}}}":   {"at '/spire/agent/extraConfig/experimental/use_sync_authorized_entries'", "got number, want null or boolean"},
		"spire: {agent: {extraConfig: {jwt_svid_cache_max_size: many}}}":                    {"at '/spire/agent/extraConfig/jwt_svid_cache_max_size'", "whole_number>"},
		"spire: {server: {extraConfig: {bind_port: 1}}}":                                    {"spire.server.extraConfig has bind_port"},
		"spire: {server: {extraConfig: {ca_ttl: 1h}}}":                                      {"spire.server.extraConfig has ca_ttl"},
		"spire: {server: {jwtIssuer: 'https://a', extraConfig: {jwt_issuer: a}}}":           {"spire.server.extraConfig has jwt_issuer"},
		"spire: {server: {extraConfig: {experimental: {cache_reload_interval: 1s}}}}":       {"spire.server.extraConfig has cache_reload_interval"},
		"spire: {agent: {extraConfig: {socket_path: /a}}}":                                  {"spire.agent.extraConfig has socket_path"},
		"spire: {agent: {extraConfig: {rebootstrap_mode: never}}}":                          {"spire.agent.extraConfig has rebootstrap_mode"},
		"spire: {agent: {extraConfig: {experimental: {sync_interval: 1s}}}}":                {"spire.agent.extraConfig has sync_interval"},
		"spire: {agent: {extraConfig: {'a b': c}}}":                                         {"at '/spire/agent/extraConfig'", "additional properties 'a b' not allowed"},
		"spire: {server: {dataStore: {type: postgres, connectionString: \"dbname=a\\n\"}}}": {"at '/spire/server/dataStore/connectionString'", line},
		"spire: {server: {dataStore: {connectionString: \"/run/spire/data/a\\n\"}}}":        {"at '/spire/server/dataStore/connectionString'", line},

		// numbers and shares
		"router: {replicas: 3000000000}":                                                                 {"at '/router/replicas'", "maximum: got 3"},
		"router: {podDisruptionBudget: {maxUnavailable: 2147483648}}":                                    {"at '/router/podDisruptionBudget/maxUnavailable'", "maximum: got 2.147483648"},
		"workloadmanager: {rbac: {extraRules: [{nonResourceURLs: [/a], verbs: [get], apiGroups: [b]}]}}": {"at '/workloadmanager/rbac/extraRules/0'", "maxProperties: got 3, want 2"},
		"router: {podDisruptionBudget: {maxUnavailable: 101%}}":                                          {"at '/router/podDisruptionBudget/maxUnavailable'", "share_as_in_50_percent_sign>"},
		"spire: {agent: {updateStrategy: {rollingUpdate: {maxUnavailable: 0}}}}":                         {"at '/spire/agent/updateStrategy/rollingUpdate/maxUnavailable'", "minimum: got 0, want 1"},
		"spire: {agent: {updateStrategy: {rollingUpdate: {maxUnavailable: 0%}}}}":                        {"at '/spire/agent/updateStrategy/rollingUpdate/maxUnavailable'", "share_as_in_50_percent_sign>"},
		"spire: {server: {persistence: {size: 0Gi}}}":                                                    {"at '/spire/server/persistence/size'", "number_with_a_unit_as_in_1Gi>"},
		"router: {tolerations: [{key: a, effect: NoSchedule, tolerationSeconds: 5}]}":                    {"at '/router/tolerations/0/effect'", "value must be 'NoExecute'"},

		// pods that Kubernetes accepts and a kubelet or the scheduler does not
		"router: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway, matchLabelKeys: [b], labelSelector: {matchLabels: {b: c}}}]}":                                         {"router.topologySpreadConstraints has b in matchLabelKeys and in labelSelector", "remove it from one of them"},
		"spire: {server: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway, matchLabelKeys: [b], labelSelector: {matchExpressions: [{key: b, operator: Exists}]}}]}}":     {"spire.server.topologySpreadConstraints has b in matchLabelKeys and in labelSelector"},
		"workloadmanager: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, labelSelector: {}, matchLabelKeys: [b], mismatchLabelKeys: [c, b]}]}}}":                   {"workloadmanager.affinity.podAntiAffinity has b in matchLabelKeys and in mismatchLabelKeys"},
		"spire: {agent: {affinity: {podAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: a, labelSelector: {matchLabels: {b: c}}, matchLabelKeys: [b]}}]}}}}": {"spire.agent.affinity.podAffinity has b in matchLabelKeys and in labelSelector"},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a, subPathExpr: b/$(C)}]}":                                                                                                   {"mount the volume a in the container agentcube-router with $(C) in subPathExpr, which is no variable of the container", "add it to env"},
		"router: {extraVolumes: [{name: a}], extraContainers: [{name: b, image: c, env: [{name: D}], volumeMounts: [{name: a, mountPath: /a, subPathExpr: $(D)/$(HOSTNAME)}]}]}":                                    {"mount the volume a in the container b with $(HOSTNAME) in subPathExpr"},
		"spire: {agent: {metrics: {enabled: true, port: 1023}}}":                                    {"spire.agent.metrics.port is 1023, and agents may open no port below 1024 on the nodes: choose another port"},
		"spire: {agent: {podSecurityContext: {sysctls: [{name: net.core.somaxconn, value: '1'}]}}}": {"at '/spire/agent/podSecurityContext/sysctls/0/name'", "of no setting of the network, since agents have that of their node: remove it"},

		// what Kubernetes' code says of its types
		"router: {podLabels: {" + longPrefix + "/a: b}}":                                                                                                                             {"at '/router/podLabels/", prefix},
		"router: {service: {annotations: {" + longPrefix + "/a: b}}}":                                                                                                                {"at '/router/service/annotations/", prefix},
		"router: {podLabels: {a/: b}}":                                                                                                                                               {"at '/router/podLabels'", "additional properties 'a/' not allowed"},
		"router: {podAnnotations: {a/b/c: d}}":                                                                                                                                       {"at '/router/podAnnotations'", "additional properties 'a/b/c' not allowed"},
		"router: {podAnnotations: {a: " + strings.Repeat("a", 262145) + "}}":                                                                                                         {"at '/router/podAnnotations/a'", "maxLength: got 262,145, want 262,144"},
		"imagePullSecrets: [{name: A_b}]":                                                                                                                                            {"at '/imagePullSecrets/0/name'", "lower_case_letters_digits_dots_and_dashes>"},
		"router: {extraEnv: [{name: A, value: \"b\\0\"}]}":                                                                                                                           {"at '/router/extraEnv/0/value'", "text_without_the_character_NUL>"},
		"router: {extraArgs: [\"b\\0\"]}":                                                                                                                                            {"at '/router/extraArgs/0'", "text_without_the_character_NUL>"},
		"redis: {password: \"b\\0\"}":                                                                                                                                                {"at '/redis/password'", line},
		"router: {extraEnv: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.labels}}}]}":                                                                                       {"at '/router/extraEnv/0/valueFrom/fieldRef/fieldPath'", "field_as_in_metadata_dot_name_or_status_dot_podIP>"},
		"router: {extraEnv: [{name: A, valueFrom: {resourceFieldRef: {resource: cpu}}}]}":                                                                                            {"at '/router/extraEnv/0/valueFrom/resourceFieldRef/resource'", "limits_or_requests_dot_resource"},
		"router: {extraEnv: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 3}}}]}":                                                                         {"at '/router/extraEnv/0/valueFrom/resourceFieldRef/divisor'", "value must be one of 0, 1"},
		"router: {extraEnv: [{name: A, valueFrom: {secretKeyRef: {name: a, key: 'b c'}}}]}":                                                                                          {"at '/router/extraEnv/0/valueFrom/secretKeyRef/key'", "key_with_letters"},
		"router: {extraEnv: [{name: A, valueFrom: {configMapKeyRef: {name: '', key: b}}}]}":                                                                                          {"at '/router/extraEnv/0/valueFrom/configMapKeyRef/name'", "lower_case_letters"},
		"router: {extraContainers: [{name: a, image: docker/B}]}":                                                                                                                    {"at '/router/extraContainers/0/image'", "image_in_lower_case_without_scheme>"},
		"router: {extraContainers: [{name: a, image: 'b '}]}":                                                                                                                        {"at '/router/extraContainers/0/image'", "image_in_lower_case_without_scheme>"},
		"router: {extraContainers: [{name: a, image: 'b:'}]}":                                                                                                                        {"at '/router/extraContainers/0/image'", "image_in_lower_case_without_scheme>"},
		"router: {extraContainers: [{name: a, image: b, env: [{name: A}, {name: A}]}]}":                                                                                              {"router.extraContainers, in a, env has A twice: remove one of them"},
		"router: {extraContainers: [{name: a, image: b, envFrom: [{prefix: a}]}]}":                                                                                                   {"at '/router/extraContainers/0/envFrom/0'", "missing property 'configMapRef'"},
		"router: {extraContainers: [{name: a, image: b, envFrom: [{prefix: a=, secretRef: {name: b}}]}]}":                                                                            {"at '/router/extraContainers/0/envFrom/0/prefix'", "nothing_or_letters_digits_dots_dashes_and_underscores>"},
		"router: {extraContainers: [{name: a, image: b, envFrom: [{secretRef: {}}]}]}":                                                                                               {"at '/router/extraContainers/0/envFrom/0/secretRef'", "missing property 'name'"},
		"router: {extraContainers: [{name: a, image: b, terminationMessagePolicy: Log}]}":                                                                                            {"at '/router/extraContainers/0/terminationMessagePolicy'", "value must be one of"},
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {exec: {}}}]}":                                                                                                {"at '/router/extraContainers/0/livenessProbe/exec'", "missing property 'command'"},
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {httpGet: {port: 1, scheme: http}}}]}":                                                                        {"at '/router/extraContainers/0/livenessProbe/httpGet/scheme'", "value must be one of"},
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {grpc: {port: 1}, successThreshold: 2}}]}":                                                                    {"at '/router/extraContainers/0/livenessProbe/successThreshold'", "maximum: got 2, want 1"},
		"router: {extraContainers: [{name: a, image: b, startupProbe: {grpc: {port: 1}, periodSeconds: -1}}]}":                                                                       {"at '/router/extraContainers/0/startupProbe/periodSeconds'", "minimum: got -1, want 0"},
		"router: {extraContainers: [{name: a, image: b, readinessProbe: {grpc: {port: 1}, terminationGracePeriodSeconds: 5}}]}":                                                      {"at '/router/extraContainers/0/readinessProbe/terminationGracePeriodSeconds'", "got number, want null"},
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {httpGet: {port: c}}}]}":                                                                                      {"router.extraContainers has a probe or hook of the port c in a, which has no port of that name: add it to its ports"},
		"router: {extraContainers: [{name: a, image: b, lifecycle: {preStop: {sleep: {seconds: 91}}}}]}":                                                                             {"router.extraContainers has a preStop in a that sleeps longer than the 90 seconds in which the pod stops: shorten it, or raise router.drainSeconds"},
		"router: {extraContainers: [{name: a, image: b, lifecycle: {postStart: {sleep: {seconds: 91}}}}]}":                                                                           {"router.extraContainers has a postStart in a that sleeps longer than the 90 seconds in which the pod stops: shorten it, or raise router.drainSeconds"},
		"router: {extraContainers: [{name: a, image: b, securityContext: {runAsUser: 0}}]}":                                                                                          {"router.extraContainers has a securityContext in a with runAsUser 0, root", "router.podSecurityContext forbids it: change one of them"},
		"router: {extraContainers: [{name: a, image: b, securityContext: {privileged: true, allowPrivilegeEscalation: false}}]}":                                                     {"at '/router/extraContainers/0/securityContext/allowPrivilegeEscalation'", "value must be one of true"},
		"router: {podSecurityContext: {seccompProfile: {type: Localhost}}}":                                                                                                          {"at '/router/podSecurityContext/seccompProfile'", "missing property 'localhostProfile'"},
		"router: {podSecurityContext: {seccompProfile: {type: RuntimeDefault, localhostProfile: a}}}":                                                                                {"at '/router/podSecurityContext/seccompProfile/localhostProfile'", "got string, want null"},
		"router: {podSecurityContext: {supplementalGroups: [-1]}}":                                                                                                                   {"at '/router/podSecurityContext/supplementalGroups/0'", "minimum: got -1, want 0"},
		"router: {podSecurityContext: {sysctls: [{name: a b, value: c}]}}":                                                                                                           {"at '/router/podSecurityContext/sysctls/0/name'", "name_as_in_net_dot_core_dot_somaxconn>"},
		"router: {resources: {requests: {vendor/gpu: 1}}}":                                                                                                                           {"router.resources.requests.vendor/gpu is 1, and Kubernetes wants router.resources.limits.vendor/gpu to be as much: set both to one number"},
		"router: {resources: {requests: {hugepages-2Mi: 2Mi}, limits: {hugepages-2Mi: 4Mi}}}":                                                                                        {"router.resources.requests.hugepages-2Mi is 2Mi, and Kubernetes wants"},
		"router: {extraVolumes: [{name: a, awsElasticBlockStore: {}}]}":                                                                                                              {"at '/router/extraVolumes/0/awsElasticBlockStore'", "missing property 'volumeID'"},
		"router: {extraVolumes: [{name: a, iscsi: {targetPortal: b}}]}":                                                                                                              {"at '/router/extraVolumes/0/iscsi'", "missing properties 'iqn', 'lun'"},
		"router: {extraVolumes: [{name: a, csi: {driver: ''}}]}":                                                                                                                     {"at '/router/extraVolumes/0/csi/driver'", "letters_digits_dots_and_dashes>"},
		"router: {extraVolumes: [{name: a, ephemeral: {}}]}":                                                                                                                         {"at '/router/extraVolumes/0/ephemeral'", "missing property 'volumeClaimTemplate'"},
		"router: {extraVolumes: [{name: a, ephemeral: {volumeClaimTemplate: {spec: {accessMode: [b]}}}}]}":                                                                           {"at '/router/extraVolumes/0/ephemeral/volumeClaimTemplate/spec'", "additional properties 'accessMode' not allowed"},
		"router: {extraVolumes: [{name: a, hostPath: {path: /b/../c}}]}":                                                                                                             {"at '/router/extraVolumes/0/hostPath/path'", "absolute_path_without_two_dots>"},
		"router: {extraVolumes: [{name: a, hostPath: {path: /b, type: Dir}}]}":                                                                                                       {"at '/router/extraVolumes/0/hostPath/type'", "value must be one of"},
		"router: {extraVolumes: [{name: a, nfs: {server: b, path: c}}]}":                                                                                                             {"at '/router/extraVolumes/0/nfs/path'", "absolute_path>"},
		"router: {extraVolumes: [{name: a, persistentVolumeClaim: {claimName: ''}}]}":                                                                                                {"at '/router/extraVolumes/0/persistentVolumeClaim/claimName'", "lower_case_letters"},
		"router: {extraVolumes: [{name: a, emptyDir: {medium: Disk}}]}":                                                                                                              {"at '/router/extraVolumes/0/emptyDir/medium'", "nothing_or_Memory_or_HugePages>"},
		"router: {extraVolumes: [{name: a, configMap: {name: b, defaultMode: 512}}]}":                                                                                                {"at '/router/extraVolumes/0/configMap/defaultMode'", "maximum: got 512, want 511"},
		"router: {extraVolumes: [{name: a, configMap: {name: b, items: [{key: c, path: ../d}]}}]}":                                                                                   {"at '/router/extraVolumes/0/configMap/items/0/path'", "relative_path_without_two_dots>"},
		"router: {extraVolumes: [{name: a, projected: {sources: [{secret: {name: b}, configMap: {name: c}}]}}]}":                                                                     {"at '/router/extraVolumes/0/projected/sources/0'", "maxProperties: got 2, want 1"},
		"router: {extraVolumes: [{name: a, projected: {sources: [{serviceAccountToken: {path: b, expirationSeconds: 599}}]}}]}":                                                      {"at '/router/extraVolumes/0/projected/sources/0/serviceAccountToken/expirationSeconds'", "minimum: got 599, want 600"},
		"router: {extraVolumes: [{name: a, downwardAPI: {items: [{path: b}]}}]}":                                                                                                     {"at '/router/extraVolumes/0/downwardAPI/items/0'", "missing property 'fieldRef'"},
		"router: {extraVolumes: [{name: a, downwardAPI: {items: [{path: b, fieldRef: {fieldPath: spec.nodeName}}]}}]}":                                                               {"at '/router/extraVolumes/0/downwardAPI/items/0/fieldRef/fieldPath'", "field_as_in_metadata_dot_labels>"},
		"router: {extraVolumes: [{name: a, downwardAPI: {items: [{path: b, resourceFieldRef: {resource: limits.cpu}}]}}]}":                                                           {"at '/router/extraVolumes/0/downwardAPI/items/0/resourceFieldRef'", "missing property 'containerName'"},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a, subPath: b, subPathExpr: c}]}":                                                             {"at '/router/extraVolumeMounts/0/subPathExpr'", "empty beside subPath: remove one of them"},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a, subPath: /b}]}":                                                                            {"at '/router/extraVolumeMounts/0/subPath'", "relative_path_without_two_dots>"},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a, mountPropagation: Both}]}":                                                                 {"at '/router/extraVolumeMounts/0/mountPropagation'", "value must be one of"},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a, recursiveReadOnly: Enabled}]}":                                                             {"at '/router/extraVolumeMounts/0'", "missing property 'readOnly'"},
		"router: {tolerations: [{key: '', value: b}]}":                                                                                                                               {"at '/router/tolerations/0/key'", "minLength: got 0, want 1"},
		"router: {tolerations: [{key: a, value: b c}]}":                                                                                                                              {"at '/router/tolerations/0/value'", "letters_digits_dots_dashes_and_underscores>"},
		"router: {topologySpreadConstraints: [&s {maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}, *s]}":                                                               {"router.topologySpreadConstraints has a with DoNotSchedule twice: remove one of them"},
		"spire: {server: {topologySpreadConstraints: [&s {maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}, *s]}}":                                                      {"spire.server.topologySpreadConstraints has a with DoNotSchedule twice"},
		"router: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway, minDomains: 2}]}":                                                      {"at '/router/topologySpreadConstraints/0/whenUnsatisfiable'", "value must be 'DoNotSchedule'"},
		"router: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule, matchLabelKeys: [b]}]}":                                                 {"at '/router/topologySpreadConstraints/0'", "'labelSelector' required"},
		"router: {affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, labelSelector: {matchExpressions: [{key: b, operator: In}]}}]}}}":       {"labelSelector/matchExpressions/0'", "missing property 'values'"},
		"router: {affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, labelSelector: {matchLabels: {b/: c}}}]}}}":                             {"labelSelector/matchLabels'", "additional properties 'b/' not allowed"},
		"router: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}}":                                                              {"nodeSelectorTerms'", "minItems: got 0, want 1"},
		"router: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists, values: [b]}]}]}}}}": {"matchExpressions/0/values'", "maxItems: got 1, want 0"},
		"router: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Gt, values: [b]}]}]}}}}":     {"matchExpressions/0/values/0'", "whole_number>"},
		"router: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: a, operator: In, values: [b]}]}]}}}}":          {"matchFields/0/key'", "value must be 'metadata.name'"},
		"networkPolicies: {nodeCIDRs: ['fd00::1::2/8']}":                                                                                                                             {"at '/networkPolicies/nodeCIDRs/0'", "address_slash_length_of_prefix>"},
		"networkPolicies: {nodeCIDRs: ['1:2:3:4:5:6:7:8:9/64']}":                                                                                                                     {"at '/networkPolicies/nodeCIDRs/0'", "address_slash_length_of_prefix>"},
		"spire: {agent: {syncInterval: 9999999h}}":                                                                                                                                   {"at '/spire/agent/syncInterval'", "minutes_and_seconds_as_in_5s_or_1m30s>"},
		"router: {jwt: {issuerUrl: \"https://a\\Nb\", roleClaim: a, requiredRole: b}}":                                                                                               {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL_without_user_query_and_fragment>"},
		// volumes
		"router: {extraVolumes: [{name: a, iscsi: {targetPortal: b, iqn: foo, lun: 0}}]}":                                                                                                      {"at '/router/extraVolumes/0/iscsi/iqn'", "name_that_begins_with_iqn_date_and_domain_or_eui_or_naa>"},
		"router: {extraVolumes: [{name: a, iscsi: {targetPortal: b, iqn: 'iqn.2015.abc', lun: 0}}]}":                                                                                           {"at '/router/extraVolumes/0/iscsi/iqn'", "name_that_begins_with_iqn"},
		"router: {extraVolumes: [{name: a, iscsi: {targetPortal: b, iqn: 'iqn.2001-04.a:b', lun: 0, initiatorName: naa.1}}]}":                                                                  {"at '/router/extraVolumes/0/iscsi/initiatorName'", "name_that_begins_with_iqn"},
		"router: {extraVolumes: [{name: a, iscsi: {targetPortal: b, iqn: 'iqn.2001-04.a:b', lun: 256}}]}":                                                                                      {"at '/router/extraVolumes/0/iscsi/lun'", "maximum: got 256, want 255"},
		"router: {extraVolumes: [{name: a, iscsi: {targetPortal: b, iqn: 'iqn.2001-04.a:b', lun: 0, chapAuthSession: true}}]}":                                                                 {"at '/router/extraVolumes/0/iscsi'", "missing property 'secretRef'"},
		"router: {extraVolumes: [{name: a, flocker: {datasetName: b}}]}":                                                                                                                       {"at '/router/extraVolumes/0/flocker'", "absent, since no kubelet has this type of volume any more: use one of a CSI driver"},
		"router: {extraVolumes: [{name: a, glusterfs: {endpoints: b, path: c}}]}":                                                                                                              {"at '/router/extraVolumes/0/glusterfs'", "absent, since no kubelet has this type of volume any more: use one of a CSI driver"},
		"router: {extraVolumes: [{name: a, photonPersistentDisk: {pdID: b}}]}":                                                                                                                 {"at '/router/extraVolumes/0/photonPersistentDisk'", "absent, since no kubelet has this type of volume any more: use one of a CSI driver"},
		"router: {extraVolumes: [{name: a, quobyte: {registry: 'b:1', volume: c}}]}":                                                                                                           {"at '/router/extraVolumes/0/quobyte'", "absent, since no kubelet has this type of volume any more: use one of a CSI driver"},
		"router: {extraVolumes: [{name: a, scaleIO: {gateway: b, system: c, secretRef: {name: d}, volumeName: e}}]}":                                                                           {"at '/router/extraVolumes/0/scaleIO'", "absent, since no kubelet has this type of volume any more: use one of a CSI driver"},
		"router: {extraVolumes: [{name: a, storageos: {volumeName: b}}]}":                                                                                                                      {"at '/router/extraVolumes/0/storageos'", "absent, since no kubelet has this type of volume any more: use one of a CSI driver"},
		"router: {extraVolumes: [{name: a, azureDisk: {diskName: b, diskURI: c}}]}":                                                                                                            {"at '/router/extraVolumes/0/azureDisk/diskURI'", "URL_of_a_blob_unless_kind_is_Managed>"},
		"router: {extraVolumes: [{name: a, azureDisk: {diskName: b, diskURI: 'https://c', kind: Managed}}]}":                                                                                   {"at '/router/extraVolumes/0/azureDisk/diskURI'", "of_kind_Managed>"},
		"router: {extraVolumes: [{name: a, azureFile: {secretName: '', shareName: c}}]}":                                                                                                       {"at '/router/extraVolumes/0/azureFile/secretName'", "lower_case_letters"},
		"router: {extraVolumes: [{name: a, cephfs: {monitors: []}}]}":                                                                                                                          {"at '/router/extraVolumes/0/cephfs/monitors'", "minItems: got 0, want 1"},
		"router: {extraVolumes: [{name: a, cephfs: {monitors: [b], monitor: c}}]}":                                                                                                             {"at '/router/extraVolumes/0/cephfs'", "additional properties 'monitor' not allowed"},
		"router: {extraVolumes: [{name: a, fc: {targetWWNs: [b]}}]}":                                                                                                                           {"at '/router/extraVolumes/0/fc'", "properties 'lun' required, if 'targetWWNs' exists"},
		"router: {extraVolumes: [{name: a, fc: {targetWWNs: [b], wwids: [c], lun: 1}}]}":                                                                                                       {"at '/router/extraVolumes/0/fc'", "'oneOf' failed"},
		"router: {extraVolumes: [{name: a, flexVolume: {driver: b, options: {kubernetes.io/c: d}}}]}":                                                                                          {"at '/router/extraVolumes/0/flexVolume/options/kubernetes.io~1c'", "absent, since the kubelet sets such options: remove it"},
		"router: {extraVolumes: [{name: a, gcePersistentDisk: {pdName: b, partition: 256}}]}":                                                                                                  {"at '/router/extraVolumes/0/gcePersistentDisk/partition'", "maximum: got 256, want 255"},
		"router: {extraVolumes: [{name: a, gitRepo: {repository: b, directory: ../c}}]}":                                                                                                       {"at '/router/extraVolumes/0/gitRepo/directory'", "nothing_or_a_relative_path_without_two_dots>"},
		"router: {extraVolumes: [{name: a, rbd: {monitors: [b], image: ''}}]}":                                                                                                                 {"at '/router/extraVolumes/0/rbd/image'", "minLength: got 0, want 1"},
		"router: {extraVolumes: [{name: a, ephemeral: {volumeClaimTemplate: {metadata: {name: b}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]}":            {"at '/router/extraVolumes/0/ephemeral/volumeClaimTemplate/metadata'", "additional properties 'name' not allowed"},
		"router: {extraVolumes: [{name: a, ephemeral: {volumeClaimTemplate: {metadata: {labels: {'b c': d}}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]}": {"at '/router/extraVolumes/0/ephemeral/volumeClaimTemplate/metadata/labels'", "additional properties 'b c' not allowed"},
		"router: {extraVolumes: [{name: a, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce, ReadWriteOncePod], resources: {requests: {storage: 1Gi}}}}}}]}":               {"at '/router/extraVolumes/0/ephemeral/volumeClaimTemplate/spec/accessModes'", "maxItems: got 2, want 1"},
		"router: {extraVolumes: [{name: a, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: '0'}}}}}}]}":                                 {"at '/router/extraVolumes/0/ephemeral/volumeClaimTemplate/spec/resources/requests/storage'", "more than 0"},
		"router: {extraVolumes: [{name: a, projected: {sources: [{clusterTrustBundle: {signerName: b, path: c}}]}}]}":                                                                          {"at '/router/extraVolumes/0/projected/sources/0/clusterTrustBundle/signerName'", "domain_slash_path>"},
		"router: {extraVolumes: [{name: a, projected: {sources: [{podCertificate: {signerName: b/c, keyType: RSA1024, keyPath: d}}]}}]}":                                                       {"at '/router/extraVolumes/0/projected/sources/0/podCertificate/keyType'", "value must be one of"},
		"router: {extraVolumes: [{name: a, projected: {sources: [{secret: {name: b, items: [{key: c, path: p}]}}, {configMap: {name: d, items: [{key: e, path: p}]}}]}}]}":                     {"router.extraVolumes has a volume a with a file p and another one p, and only one can be there"},
		"router: {extraVolumes: [{name: a, projected: {sources: [{serviceAccountToken: {path: p}}, {clusterTrustBundle: {name: b, path: ./p}}]}}]}":                                            {"router.extraVolumes has a volume a with a file p and another one p"},
		"router: {extraVolumes: [{name: a, projected: {sources: [{serviceAccountToken: {path: p}}, {podCertificate: {signerName: b/c, keyType: ED25519, keyPath: p}}]}}]}":                     {"router.extraVolumes has a volume a with a file p and another one p"},
		"router: {extraVolumes: [{name: a, configMap: {name: b, items: [{key: c, path: p}, {key: d, path: p/q}]}}]}":                                                                           {"router.extraVolumes has a volume a with a file p and another one p/q"},
		"router: {extraVolumes: [{name: a, secret: {secretName: b, items: [{key: c, path: p}, {key: d, path: p}]}}]}":                                                                          {"router.extraVolumes has a volume a with a file p and another one p"},
		"router: {extraVolumes: [{name: a, downwardAPI: {items: [&i {path: p, fieldRef: {fieldPath: metadata.name}}, *i]}}]}":                                                                  {"router.extraVolumes has a volume a with a file p and another one p"},
		"router: {extraVolumes: [{name: a, downwardAPI: {items: [{path: b, fieldRef: {fieldPath: \"metadata.annotations['c d']\"}}]}}]}":                                                       {"at '/router/extraVolumes/0/downwardAPI/items/0/fieldRef/fieldPath'", "field_as_in_metadata_dot_labels>"},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a, mountPropagation: Bidirectional}]}":                                                                  {"mount the volume a in the container agentcube-router with mountPropagation Bidirectional, which only a privileged container may have"},

		// containers
		"router: {extraEnv: [{name: A, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['B/c']\"}}}]}":                                                                      {"at '/router/extraEnv/0/valueFrom/fieldRef/fieldPath'", "field_as_in_metadata_dot_name"},
		"router: {extraEnv: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1Mi}}}]}":                                                                 {"at '/router/extraEnv/0/valueFrom/resourceFieldRef/divisor'", "value must be one of"},
		"router: {extraEnv: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1m}}}]}":                                                               {"at '/router/extraEnv/0/valueFrom/resourceFieldRef/divisor'", "value must be one of"},
		"router: {extraEnv: [{name: .., value: b}]}":                                                                                                                           {"at '/router/extraEnv/0/name'", "letters_digits_dots_dashes_and_underscores>"},
		"router: {extraContainers: [{name: a, image: b, envFrom: [{prefix: '1', secretRef: {name: c}}]}]}":                                                                     {"at '/router/extraContainers/0/envFrom/0/prefix'", "nothing_or_letters_digits_dots_dashes_and_underscores>"},
		"router: {extraContainers: [{name: a, image: b, workingDir: c}]}":                                                                                                      {"at '/router/extraContainers/0/workingDir'", "nothing_or_an_absolute_path>"},
		"router: {extraContainers: [{name: a, image: b, terminationMessagePath: c}]}":                                                                                          {"at '/router/extraContainers/0/terminationMessagePath'", "nothing_or_an_absolute_path>"},
		"router: {extraContainers: [{name: a, image: b, ports: [{containerPort: 1, hostPort: 1, hostIP: c}]}]}":                                                                {"at '/router/extraContainers/0/ports/0/hostIP'", "nothing_or_an_address>"},
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {httpGet: {port: 1, host: c d}}}]}":                                                                     {"at '/router/extraContainers/0/livenessProbe/httpGet/host'", "host_without_port>"},
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {httpGet: {port: 1, httpHeaders: [{name: c, value: \"d\\ne\"}]}}}]}":                                    {"at '/router/extraContainers/0/livenessProbe/httpGet/httpHeaders/0/value'", "text_without_line_breaks"},
		"router: {extraContainers: [{name: a, image: b, lifecycle: {preStop: {tcpSocket: {port: 1}}}}]}":                                                                       {"at '/router/extraContainers/0/lifecycle/preStop/tcpSocket'", "absent, since Kubernetes fails each such hook: use exec, httpGet or sleep"},
		"router: {extraContainers: [{name: a, image: b, lifecycle: {stopSignal: SIGUSR1}}]}":                                                                                   {"at '/router/extraContainers/0/lifecycle/stopSignal'", "absent, since Kubernetes drops it: remove it"},
		"router: {extraContainers: [{name: a, image: b, securityContext: {capabilities: {add: [CAP_SYS_ADMIN]}}}]}":                                                            {"at '/router/extraContainers/0/securityContext/capabilities/add/0'", "without CAP_ before it: Kubernetes adds that"},
		"router: {extraContainers: [{name: a, image: b, securityContext: {capabilities: {drop: [CAP_ALL]}}}]}":                                                                 {"at '/router/extraContainers/0/securityContext/capabilities/drop/0'", "without CAP_ before it"},
		"router: {extraContainers: [{name: a, image: b, lifecycle: {preStop: {httpGet: {port: c}}}}]}":                                                                         {"router.extraContainers has a probe or hook of the port c in a, which has no port of that name: add it to its ports"},
		"router: {extraContainers: [{name: a, image: b, resizePolicy: [&r {resourceName: cpu, restartPolicy: NotRequired}, *r]}]}":                                             {"router.extraContainers, in a, resizePolicy has cpu twice: remove one of them"},
		"router: {podSecurityContext: {sysctls: [{name: net.core.somaxconn, value: '1'}, {name: net.core.somaxconn, value: '2'}]}}":                                            {"router.podSecurityContext.sysctls has net.core.somaxconn twice: remove one of them"},
		"spire: {server: {podSecurityContext: {sysctls: [&s {name: net.core.somaxconn, value: '1'}, *s]}}}":                                                                    {"spire.server.podSecurityContext.sysctls has net.core.somaxconn twice"},
		"router: {podSecurityContext: {seLinuxChangePolicy: MountOption}}":                                                                                                     {"at '/router/podSecurityContext/seLinuxChangePolicy'", "value must be one of"},
		"router: {tolerations: [{key: a, operator: Lt, value: '5'}]}":                                                                                                          {"at '/router/tolerations/0/operator'", "value must be one of"},
		"router: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: Exists}]}]}}}}": {"matchFields/0/operator'", "value must be one of"},
		"router: {resources: {requests: {memory: 512m}, limits: {memory: 512m}}}":                                                                                              {"router.resources.limits.memory is 512m, which is 0.512 bytes, and no container starts with so few: give it a unit as in 512Mi"},
		"router: {resources: {limits: {memory: 512}, requests: {memory: 1}}}":                                                                                                  {"router.resources.limits.memory is 512, which is 512 bytes"},
		"router: {extraContainers: [{name: a, image: b, resources: {limits: {ephemeral-storage: 100m}}}]}":                                                                     {"router.extraContainers, in a, resources.limits.ephemeral-storage is 100m"},
		"router: {resources: {limits: {memory: 1000E}}}":                                                                                                                       {"router.resources.limits.memory is 1000E, more than Kubernetes can count: lower it"},
		"router: {resources: {limits: {requests.a/b: 1}}}":                                                                                                                     {"at '/router/resources/limits/requests.a~1b'", "absent, since only a ResourceQuota has such"},
		"router: {extraContainers: [{name: a, image: b, resources: {limits: {hugepages-2Mi: 4Mi}}}]}":                                                                          {"router.extraContainers, in a, resources.limits.hugepages-2Mi is 4Mi, and Kubernetes wants a multiple of the size in its name, beside cpu or memory: change it"},
		"router: {resources: {limits: {hugepages-2Mi: 3Mi}}}":                                                                                                                  {"router.resources.limits.hugepages-2Mi is 3Mi, and Kubernetes wants a multiple"},

		// annotations
		"router: {podAnnotations: {seccomp.security.alpha.kubernetes.io/pod: runtime/default}}":          {"at '/router/podAnnotations/seccomp.security.alpha.kubernetes.io~1pod'", "absent, since seccompProfile of a security context has its place: set that"},
		"router: {podAnnotations: {container.apparmor.security.beta.kubernetes.io/agentcube-router: a}}": {"at '/router/podAnnotations/container.apparmor.security.beta.kubernetes.io~1agentcube-router'", "runtime_slash_default_or_unconfined_or_localhost_slash_profile>"},
		"router: {podAnnotations: {scheduler.alpha.kubernetes.io/tolerations: '[]'}}":                    {"at '/router/podAnnotations/scheduler.alpha.kubernetes.io~1tolerations'", "absent, since tolerations and affinity have its place: set these"},
		"router: {podAnnotations: {kubernetes.io/config.mirror: a}}":                                     {"at '/router/podAnnotations/kubernetes.io~1config.mirror'", "absent, since the kubelet marks its own pods with it: remove it"},
		"router: {podAnnotations: {a: " + half + ", b: " + half + "}}":                                   {"router.podAnnotations has 262146 bytes, and Kubernetes takes 256 KiB for an object"},
		"router: {annotations: {a: " + half + ", b: " + half + "}}":                                      {"router.annotations has 262146 bytes"},
		"workloadmanager: {service: {annotations: {a: " + half + ", b: " + half + "}}}":                  {"workloadmanager.service.annotations has 262146 bytes"},
		"test: {podAnnotations: {a: " + half + ", b: " + half + "}}":                                     {"test.podAnnotations has 262146 bytes"},

		// numbers that values files change, addresses, and what SPIRE does not start with
		"router: {image: {tag: 1.0}}":  {"at '/router/image/tag'", quoteIt},
		"router: {image: {tag: 012}}":  {"at '/router/image/tag'", quoteIt},
		"router: {image: {tag: 8}}":    {"at '/router/image/tag'", quoteIt},
		"router: {image: {tag: true}}": {"at '/router/image/tag'", quoteIt},
		"router: {jwt: {issuerUrl: 'https:///a', roleClaim: a, requiredRole: b}}":      {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL_without_user_query_and_fragment>"},
		"router: {jwt: {issuerUrl: 'https://a:99999', roleClaim: a, requiredRole: b}}": {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL_without_user_query_and_fragment>"},
		"router: {jwt: {issuerUrl: 'https://a:b', roleClaim: a, requiredRole: b}}":     {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL_without_user_query_and_fragment>"},
		"router: {jwt: {issuerUrl: 'https://a/%zz', roleClaim: a, requiredRole: b}}":   {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL_without_user_query_and_fragment>"},
		"router: {jwt: {issuerUrl: 'https://a?b=c', roleClaim: a, requiredRole: b}}":   {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL_without_user_query_and_fragment>"},
		"router: {jwt: {issuerUrl: 'https://a#b', roleClaim: a, requiredRole: b}}":     {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL_without_user_query_and_fragment>"},
		"router: {jwt: {issuerUrl: 'https://[::1', roleClaim: a, requiredRole: b}}":    {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL_without_user_query_and_fragment>"},
		"router: {jwt: {issuerUrl: 'https://a@b', roleClaim: a, requiredRole: b}}":     {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL_without_user_query_and_fragment>"},
		"redis: {addr: '-h:6379'}":                                                                     {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: '...:6379'}":                                                                    {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: 'h..i:6379'}":                                                                   {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"router: {rbac: {create: true}, serviceAccountName: default}":                                  {"router.rbac.create is true and router.serviceAccountName is default, an account that Kubernetes has made"},
		"spire: {clusterName: '.'}":                                                                    {"at '/spire/clusterName'", "letters_digits_dots_dashes_and_underscores>"},
		"spire: {clusterName: '..'}":                                                                   {"at '/spire/clusterName'", "letters_digits_dots_dashes_and_underscores>"},
		"spire: {clusterName: '...'}":                                                                  {"at '/spire/clusterName'", "letters_digits_dots_dashes_and_underscores>"},
		"spire: {agent: {syncInterval: 30m}}":                                                          {"spire.agent.syncInterval (30m) is not below half of spire.server.ca.x509SvidDefaultTtl (1h), and agents then renew certificates too late: shorten the first or lengthen the second"},
		"spire: {server: {cacheReloadInterval: 1h}}":                                                   {"at '/spire/server/cacheReloadInterval'", "minutes_and_seconds_as_in_5s_or_1m30s>"},
		"spire: {agent: {syncInterval: 0m0s}}":                                                         {"at '/spire/agent/syncInterval'", "minutes_and_seconds_as_in_5s_or_1m30s>"},
		"spire: {agent: {extraConfig: {insecure_bootstrap: true}}}":                                    {"spire.agent.extraConfig has insecure_bootstrap"},
		"spire: {agent: {extraConfig: {trust_bundle_url: a}}}":                                         {"spire.agent.extraConfig has trust_bundle_url"},
		"spire: {server: {extraConfig: {a: [b, {c: d}]}}}":                                             {"at '/spire/server/extraConfig/a/0'", "got string, want object"},
		"spire: {server: {extraConfig: {a: {b: [[c]]}}}}":                                              {"at '/spire/server/extraConfig/a/b/0'", "got array, want boolean or number or string"},
		"spire: {server: {extraConfig: {a: {\"true\": b}}}}":                                           {"at '/spire/server/extraConfig/a/true'", "absent, since HCL takes its name for a value: remove it"},
		"spire: {server: {extraConfig: {a: {b: 9007199254740993}}}}":                                   {"at '/spire/server/extraConfig/a/b'", quoteIt},
		"spire: {server: {dataStore: {connectionString: ''}}}":                                         {"spire.server.dataStore.connectionString is ", "the server can write its file only to a volume: begin it with /run/spire/data/"},
		"spire: {server: {dataStore: {connectionString: a.sqlite3}}}":                                  {"spire.server.dataStore.connectionString is ", "the server can write its file only to a volume: begin it with /run/spire/data/"},
		"spire: {server: {dataStore: {connectionString: /a/b.sqlite3}}}":                               {"spire.server.dataStore.connectionString is ", "the server can write its file only to a volume: begin it with /run/spire/data/"},
		"spire: {server: {dataStore: {connectionString: /run/spire/data/../a}}}":                       {"spire.server.dataStore.connectionString is ", "the server can write its file only to a volume: begin it with /run/spire/data/"},
		"spire: {server: {dataStore: {connectionString: ':memory:'}}}":                                 {"spire.server.dataStore.connectionString is ", "the server can write its file only to a volume: begin it with /run/spire/data/"},
		"spire: {server: {dataStore: {type: postgres, connectionString: ''}}}":                         {"spire.server.dataStore.connectionString is empty or still sqlite3's path"},
		"spire: {server: {dataStore: {type: postgres, connectionString: a}}}":                          {"spire.server.dataStore.connectionString says nothing to postgres: write it as host="},
		"spire: {server: {dataStore: {type: mysql, connectionString: 'a?bparseTime=true'}}}":           {"lacks parseTime=true, without which SPIRE does not start"},
		"spire: {server: {upstreamAuthority: {type: certManager, issuerName: A b}}}":                   {"at '/spire/server/upstreamAuthority/issuerName'", "lower_case_letters"},
		"spire: {server: {upstreamAuthority: {type: certManager, issuerName: a, issuerKind: issuer}}}": {"at '/spire/server/upstreamAuthority/issuerKind'", "nothing_or_a_kind_as_in_ClusterIssuer>"},
		"spire: {server: {upstreamAuthority: {type: certManager, issuerName: a, issuerGroup: A}}}":     {"at '/spire/server/upstreamAuthority/issuerGroup'", "lower_case_letters"},
		"workloadmanager: {rbac: {extraRules: [{nonResourceURLs: [metrics], verbs: [get]}]}}":          {"at '/workloadmanager/rbac/extraRules/0/nonResourceURLs/0'", "path_or_star>"},
		"workloadmanager: {rbac: {extraRules: [{apiGroups: [''], resources: [pods], verbs: ['']}]}}":   {"at '/workloadmanager/rbac/extraRules/0/verbs/0'", "minLength: got 0, want 1"},

		"redis: {password: true}": {"at '/redis/password'", quoteIt},

		// Redis and others
		"router: {jwt: {issuerUrl: issuer, roleClaim: a, requiredRole: b}}":                          {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL_without_user_query_and_fragment>"},
		"router: {jwt: {issuerUrl: 'https://a', roleClaim: b, requiredRole: \"c\\n\"}}":              {"at '/router/jwt/requiredRole'", line},
		"router: {jwt: {issuerUrl: 'https://a', roleClaim: \"b\\n\", requiredRole: c}}":              {"at '/router/jwt/roleClaim'", line},
		"router: {jwt: {issuerUrl: 'https://a', audience: \"b\\n\", roleClaim: b, requiredRole: c}}": {"at '/router/jwt/audience'", line},
		"networkPolicies: {nodeCIDRs: [300.0.0.0/8]}":                                                {"at '/networkPolicies/nodeCIDRs/0'", "address_slash_length_of_prefix>"},
		"redis: {addr: 'redis://h:6379'}":                                                            {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: 'a:1,b:2'}":                                                                   {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: 'h:99999'}":                                                                   {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: 'h:0'}":                                                                       {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: 'fd00::1:6379'}":                                                              {"at '/redis/addr'", "with_IPv6_in_brackets"},
		"redis: {addr: 'user@h:6379'}":                                                               {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {addr: \"h:6379\\n\"}":                                                               {"at '/redis/addr'", "nothing_or_host_colon_port"},
		"redis: {password: 12345678901234567}":                                                       {"at '/redis/password'", quoteIt},
		"redis: {password: -5}":                                                                      {"at '/redis/password'", quoteIt},
		"redis: {password: \"a\\n\"}":                                                                {"at '/redis/password'", line},
		"redis: {secretName: A_b}":                                                                   {"at '/redis/secretName'", "lower_case_letters_digits_dots_and_dashes>"},
		"redis: {secretKey: ''}":                                                                     {"at '/redis/secretKey'", "key_of_a_Secret"},
		"router: {podAnnotations: {a: 12345678901234567}}":                                           {"at '/router/podAnnotations/a'", quoteIt},
		"router: {podLabels: {a: 12345678901234567}}":                                                {"at '/router/podLabels/a'", quoteIt},
		"router: {extraEnv: [{name: A, value: 12345678901234567}]}":                                  {"at '/router/extraEnv/0/value'", quoteIt},
		"router: {extraEnv: [{name: A, value: -12345678901234567}]}":                                 {"at '/router/extraEnv/0/value'", quoteIt},
		"router: {extraArgs: [-12345678901234567]}":                                                  {"at '/router/extraArgs/0'", quoteIt},
		"networkPolicies: {nodeCIDRs: [10.0.0.0/33]}":                                                {"at '/networkPolicies/nodeCIDRs/0'", "address_slash_length_of_prefix>"},
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			_, err := chart.Release{Values: values(t, spire, given)}.Render()
			require.NotEmpty(t, wants)
			for _, want := range wants {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

// TestFieldNeedsItsKubernetes: an older one would drop the field silently, or refuse the pod.
func TestFieldNeedsItsKubernetes(t *testing.T) {
	t.Parallel()
	const term = "[{topologyKey: a, labelSelector: {}, matchLabelKeys: [b]}]"
	for given, of := range map[string]struct{ key, since string }{
		"router: {extraEnv: [{name: A, valueFrom: {fileKeyRef: {key: a, path: b, volumeName: c}}}]}":                                    {"router.extraEnv.valueFrom.fileKeyRef", "1.35"},
		"router: {extraContainers: [{name: a, image: b, env: [{name: A, valueFrom: {fileKeyRef: {key: a, path: b, volumeName: c}}}]}]}": {"router.extraContainers.env.valueFrom.fileKeyRef", "1.35"},
		"spire: {server: {extraVolumes: [{name: a, image: {reference: b}}]}}":                                                           {"spire.server.extraVolumes.image", "1.35"},
		"router: {extraVolumes: [{name: a, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], volumeAttributesClassName: b, resources: {requests: {storage: 1Gi}}}}}}]}": {
			"router.extraVolumes.ephemeral.volumeClaimTemplate.spec.volumeAttributesClassName", "1.34",
		},
		"spire: {agent: {podSecurityContext: {supplementalGroupsPolicy: Strict}}}":                                                       {"spire.agent.podSecurityContext.supplementalGroupsPolicy", "1.33"},
		"spire: {server: {podSecurityContext: {seLinuxChangePolicy: Recursive}}}":                                                        {"spire.server.podSecurityContext.seLinuxChangePolicy", "1.33"},
		"workloadmanager: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: " + term + "}}}":                 {"workloadmanager.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.matchLabelKeys", "1.31"},
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a, readOnly: true, recursiveReadOnly: Enabled}]}": {"router.extraVolumeMounts.recursiveReadOnly", "1.31"},
		"router: {podSecurityContext: {appArmorProfile: {type: RuntimeDefault}}}":                                                        {"router.podSecurityContext.appArmorProfile", "1.30"},
		"router: {extraContainers: [{name: a, image: b, securityContext: {appArmorProfile: {type: RuntimeDefault}}}]}":                   {"router.extraContainers.securityContext.appArmorProfile", "1.30"},
		"router: {extraContainers: [{name: a, image: b, lifecycle: {preStop: {sleep: {seconds: 1}}}}]}":                                  {"router.extraContainers.lifecycle.preStop.sleep", "1.30"},
	} {
		t.Run(of.key, func(t *testing.T) {
			t.Parallel()
			on := func(minor int) error {
				_, err := chart.Release{Values: values(t, spire, given), Kubernetes: fmt.Sprintf("v1.%d.0", minor)}.Render()
				return err
			}
			var since int
			_, err := fmt.Sscanf(of.since, "1.%d", &since)
			require.NoError(t, err)
			assert.ErrorContains(t, on(since-1), of.key+" has no effect before Kubernetes "+of.since+", and this is v1.")
			assert.NoError(t, on(since))
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
