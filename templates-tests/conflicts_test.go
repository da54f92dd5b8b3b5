package templatestests

import (
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
		image      = "image_without_scheme_tag_and_digest>"
	)
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
		"router: {extraEnv: [{name: A, value: b}, {name: A, value: c}]}":                                                      {"router.extraEnv has the variable A twice: remove one of them"},
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
		"spire: {agent: {metrics: {enabled: true, port: 10250}}}":                                                                     {"spire.agent.metrics.port is 10250, on which a program of Kubernetes listens on the nodes: choose another port"},
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
		"spire: {server: {upstreamAuthority: {secretName: a}}}":                             {"at '/spire/server/upstreamAuthority/secretName'", "nothing_unless_type_is_secret_or_certManager>"},
		"spire: {server: {upstreamAuthority: {type: null, issuerName: a}}}":                 {"at '/spire/server/upstreamAuthority/issuerName'", "nothing_unless_type_is_secret_or_certManager>"},
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

		// Redis and others
		"router: {jwt: {issuerUrl: issuer, roleClaim: a, requiredRole: b}}":                          {"at '/router/jwt/issuerUrl'", "nothing_or_an_URL>"},
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
