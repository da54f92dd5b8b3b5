package templatestests

import (
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/hcl"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"agentcube-mtls/templates-tests/chart"
)

// odd is a text with everything that some syntax gives a meaning to.
const odd = "a\"b'c\\d$e$$f$(HOSTNAME)${HOSTNAME}`g`#h%i: ä→😀<&>\u0085\u2028"

// digest is one of no image.
var digest = strings.Repeat("a", 64)

// inArgument is a text as a container's argument must hold it: Kubernetes halves dollar signs.
func inArgument(text string) string { return strings.ReplaceAll(text, "$", "$$") }

// expanded returns the parameters in a file in which the SPIRE server replaces the connection
// string before it reads it, as it does with -expandEnv.
func expanded(t *testing.T, file, connection string) parameters {
	t.Helper()
	var parsed parameters
	require.NoError(t, hcl.Unmarshal([]byte(os.Expand(file, func(name string) string {
		return map[string]string{"SPIRE_DATASTORE_CONNECTION": connection}[name]
	})), &parsed))
	return parsed
}

// TestNumbersAndBooleansBecomeText: Kubernetes accepts nothing else there.
func TestNumbersAndBooleansBecomeText(t *testing.T) {
	t.Parallel()
	const given = "{flag: true, number: 8080, long: 12345678, share: 0.5, text: a}"
	want := map[string]string{"flag": "true", "number": "8080", "long": "12345678", "share": "0.5", "text": "a"}
	objects := render(t, spire, `
networkPolicies: {enabled: true, nodeCIDRs: [10.0.0.0/8]}
router: {podAnnotations: &texts `+given+`, podLabels: *texts, nodeSelector: *texts, annotations: *texts, service: {annotations: *texts}}
workloadmanager: {podAnnotations: *texts, podLabels: *texts, nodeSelector: *texts, annotations: *texts, service: {annotations: *texts}}
spire:
  server:
    podAnnotations: *texts
    podLabels: *texts
    nodeSelector: *texts
    service: {annotations: *texts}
    metrics: {enabled: true, podMonitor: {enabled: true, labels: *texts}}
  agent: {podAnnotations: *texts, podLabels: *texts, nodeSelector: *texts, metrics: {enabled: true, podMonitor: {enabled: true, labels: *texts}}}
  identities: {clients: [{name: a, namespace: b, serviceAccount: c, podLabels: *texts}]}
test: {podAnnotations: *texts, podLabels: *texts}`)
	assert.Subset(t, get[*corev1.Pod](t, objects, "agentcube-test").Annotations, want)
	assert.Subset(t, get[*corev1.Pod](t, objects, "agentcube-test").Labels, want)
	for _, name := range []string{"agentcube-router", "workloadmanager"} {
		deployment := get[*appsv1.Deployment](t, objects, name)
		assert.Subset(t, deployment.Annotations, want, name)
		assert.Subset(t, deployment.Spec.Template.Annotations, want, name)
		assert.Subset(t, deployment.Spec.Template.Labels, want, name)
		assert.Equal(t, want, deployment.Spec.Template.Spec.NodeSelector, name)
	}
	for _, name := range []string{"agentcube-router", "workloadmanager", "spire-server"} {
		assert.Equal(t, want, get[*corev1.Service](t, objects, name).Annotations, name)
	}
	for _, pod := range []corev1.PodTemplateSpec{
		get[*appsv1.StatefulSet](t, objects, "spire-server").Spec.Template, get[*appsv1.DaemonSet](t, objects, "spire-agent").Spec.Template,
	} {
		assert.Subset(t, pod.Annotations, want)
		assert.Subset(t, pod.Labels, want)
		assert.Subset(t, pod.Spec.NodeSelector, want)
	}
	clients := get[*networkingv1.NetworkPolicy](t, objects, "workloadmanager").Spec.Ingress[0].From
	assert.Equal(t, want, clients[len(clients)-1].PodSelector.MatchLabels)
	monitors := ofKind(objects, "PodMonitor")
	require.Len(t, monitors, 2)
	for _, monitor := range monitors {
		assert.Subset(t, monitor.GetLabels(), want)
	}
	client := get[*unstructured.Unstructured](t, objects, "agentcube-client-a")
	selected, _, err := unstructured.NestedStringMap(client.Object, "spec", "podSelector", "matchLabels")
	require.NoError(t, err)
	assert.Equal(t, "true", selected["flag"])
}

// TestVariablesBecomeText: values of variables, and arguments.
func TestVariablesBecomeText(t *testing.T) {
	t.Parallel()
	const variables = "[{name: A, value: true}, {name: B, value: 8080}, {name: C, value: 0.5}, {name: D, value: '$(A)'}, {name: E}]"
	want := map[string]string{"A": "true", "B": "8080", "C": "0.5", "D": "$(A)", "E": ""}
	for _, program := range []string{"router", "workloadmanager"} {
		name := map[string]string{"router": "agentcube-router", "workloadmanager": "workloadmanager"}[program]
		objects := render(t, spire, program+": {extraEnv: &e "+variables+", extraArgs: [--a, 1, true, '--b=$(A)'], extraContainers: [{name: x, image: i, env: *e}]}")
		pod := get[*appsv1.Deployment](t, objects, name).Spec.Template.Spec
		assert.Subset(t, env(container(t, pod, name)), want)
		assert.Equal(t, want, env(container(t, pod, "x")))
		args := container(t, pod, name).Args
		assert.Equal(t, []string{"--a", "1", "true", "--b=$(A)"}, args[len(args)-4:])
	}
}

// TestUserLabel: a user's label is set, and no key occurs twice.
func TestUserLabel(t *testing.T) {
	t.Parallel()
	objects := render(t, spire, `
router: {podLabels: &shop {app.kubernetes.io/part-of: shop, team: a}, podAnnotations: {a: b}}
workloadmanager: {podLabels: *shop}
spire: {server: {podLabels: *shop}, agent: {podLabels: *shop}}`)
	for _, pod := range []corev1.PodTemplateSpec{
		get[*appsv1.Deployment](t, objects, "agentcube-router").Spec.Template, get[*appsv1.Deployment](t, objects, "workloadmanager").Spec.Template,
		get[*appsv1.StatefulSet](t, objects, "spire-server").Spec.Template, get[*appsv1.DaemonSet](t, objects, "spire-agent").Spec.Template,
	} {
		assert.Equal(t, "shop", pod.Labels["app.kubernetes.io/part-of"])
		assert.Equal(t, "a", pod.Labels["team"])
		assert.NotEmpty(t, pod.Labels["app"])
	}
	assert.Contains(t, get[*appsv1.Deployment](t, objects, "agentcube-router").Spec.Template.Annotations, "checksum/spiffe-helper")
}

// TestTextArrivesAsItIs: whatever a text holds, the program reads it as it was given.
func TestTextArrivesAsItIs(t *testing.T) {
	t.Parallel()
	given := values(t, spire, `
router: {jwt: {issuerUrl: https://issuer}}
spire: {server: {image: {tag: other}, dataStore: {type: mysql}}}`)
	for path, text := range map[string]string{
		"router.jwt.audience": odd, "router.jwt.roleClaim": odd, "router.jwt.requiredRole": odd + "\t",
		"spire.server.dataStore.connectionString": "u:" + odd + "@tcp(h)/d?parseTime=true",
	} {
		overlay(given, nested(path, text))
	}
	overlay(given, nested("spire.server.extraConfig", map[string]any{
		"admin_ids": []any{odd}, "federation": map[string]any{"name": odd + "\n\t", odd: "key", "none": nil, "federates_with": map[string]any{"3scale.example": map[string]any{"a b": true}}}, "list": []any{map[string]any{"a": odd}, map[string]any{"a": "b"}},
	}))
	objects := renderRelease(t, chart.Release{Values: given})

	args := container(t, get[*appsv1.Deployment](t, objects, "agentcube-router").Spec.Template.Spec, "agentcube-router").Args
	assert.Contains(t, args, "--jwt-audience="+inArgument(odd))
	assert.Contains(t, args, "--jwt-role-claim="+inArgument(odd))
	assert.Contains(t, args, "--jwt-required-role="+inArgument(odd+"\t"))

	file := get[*corev1.ConfigMap](t, objects, "spire-server").Data["server.conf"]
	server := expanded(t, file, get[*corev1.Secret](t, objects, "spire-server-datastore").StringData["connectionString"])
	assert.Equal(t, []any{odd}, server.at("server", "admin_ids"))
	assert.Equal(t, odd+"\n\t", server.at("server", "federation", "name"))
	assert.NotContains(t, server.at("server", "federation"), "none")
	assert.Equal(t, "key", server.at("server", "federation", odd))
	assert.Equal(t, true, server.at("server", "federation", "federates_with", "3scale.example", "a b"))
	assert.Equal(t, odd, server.at("server", "list", "a"))
	assert.Equal(t, "u:"+odd+"@tcp(h)/d?parseTime=true", server.at("plugins", "DataStore", "sql", "plugin_data", "connection_string"))

	given = values(t, spire)
	path := "/run/spire/data/" + strings.NewReplacer("#", "", "%", "").Replace(odd) // these two are of URLs
	overlay(given, nested("spire.server.dataStore.connectionString", path))
	server = configured(t, renderRelease(t, chart.Release{Values: given}), "spire-server")
	require.Equal(t, path, server.at("plugins", "DataStore", "sql", "plugin_data", "connection_string"))
}

// TestAgentNodes: they tolerate every taint, those of Windows, of virtual
// nodes and of AWS Fargate too.
func TestAgentNodes(t *testing.T) {
	t.Parallel()
	pod := func(given ...string) corev1.PodSpec {
		return get[*appsv1.DaemonSet](t, render(t, append([]string{spire}, given...)...), "spire-agent").Spec.Template.Spec
	}
	assert.Equal(t, map[string]string{"kubernetes.io/os": "linux"}, pod().NodeSelector)
	terms := pod().Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	require.Len(t, terms, 1)
	assert.Equal(t, []corev1.NodeSelectorRequirement{
		{Key: "type", Operator: corev1.NodeSelectorOpNotIn, Values: []string{"virtual-kubelet"}},
		{Key: "eks.amazonaws.com/compute-type", Operator: corev1.NodeSelectorOpNotIn, Values: []string{"fargate"}},
	}, terms[0].MatchExpressions)
	own := pod("spire: {agent: {nodeSelector: {a: b}, affinity: {podAffinity: {}}}}")
	assert.Equal(t, map[string]string{"kubernetes.io/os": "linux", "a": "b"}, own.NodeSelector)
	assert.Nil(t, own.Affinity.NodeAffinity)
}

// TestRightValueIsAccepted: values like those that are rejected, but right, are accepted.
func TestRightValueIsAccepted(t *testing.T) {
	t.Parallel()
	for _, given := range []string{
		"router: {extraContainers: [{name: a, image: b, ports: [{name: https, containerPort: 4443}]}]}", "test: {podLabels: {app: a}}",
		"spire: {server: {metrics: {enabled: true, podMonitor: {enabled: true, labels: {app: a}}}}}", "global: {imageRegistry: 'localhost/a'}",
		"spire: {server: {dataStore: {type: postgres, connectionString: 'postgres://u:p%25@[fd00::1]:5432/d?sslmode=require'}}}",
		"spire: {server: {dataStore: {type: mysql, connectionString: 'u:p%@tcp(h)/d?parseTime=true&loc=UTC&maxAllowedPacket=1'}}}",
		"spire: {server: {dataStore: {connectionString: 'file:/run/spire/data/a?mode=rwc&cache=shared&_busy_timeout=5000'}}}",
		"spire: {trustDomain: a_.b-c.d}",
		"router: {extraVolumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: a}}}}}]}",
		"redis: {addr: '[fd00::1]:6379'}", "redis: {addr: 'h:65535'}", "redis: {addr: '10.0.0.1:1'}", "redis: {password: '12345678901234567'}",
		"router: {image: {tag: '', digest: 'sha256:" + digest + "'}}", "router: {image: {repository: 'localhost:5000/a/b'}}", "router: {image: {tag: 20240101}}",
		"router: {image: {repository: 'registry.example:5000/a/b__c-d.e'}}", "global: {imageRegistry: 'mirror.example:5000/a/'}",
		"router: {serviceAccountName: default}", "router: {podLabels: {a: '', b.c/d: E_f, app: agentcube-router}}", "router: {podAnnotations: {a: \"b\\nc\"}}",
		"router: {extraEnv: [{name: A, valueFrom: {configMapKeyRef: {name: a, key: b, optional: true}}}]}",
		"router: {extraEnv: [{name: A, value: '', valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}, {name: B, value: -9007199254740991}]}",
		"router: {podLabels: {agentcube.volcano.sh/a: b}, nodeSelector: {agentcube.volcano.sh/pool: a}, podAnnotations: {Example.com/A: b, helm.sh/hook: c}}",
		"router: {annotations: {helm.sh/resource-policy: keep, agentcube.volcano.sh/owner: a}, service: {annotations: {agentcube.volcano.sh/replicas: '1'}}}",
		"router: {podLabels: {" + digest[:63] + ": a, a.b-c.d/" + digest[:63] + ": '0', a: 0}, podAnnotations: {a: -1}}",
		"spire: {identities: {clients: [{name: a, namespace: b, serviceAccount: c.d-e, podLabels: {agentcube.volcano.sh/client: 'true'}}]}}",
		"spire: {identities: {clients: [{name: a, namespace: b, serviceAccount: agentcube-router, podLabels: {c: d}}]}}",
		"router: {extraVolumes: [{name: a, iscsi: {targetPortal: b, iqn: eui.0123456789ABCDEF, lun: 255, chapAuthSession: true, secretRef: {name: c}}}]}",
		"router: {extraVolumes: [{name: a, azureDisk: {diskName: b, diskURI: /subscriptions/c, kind: Managed, cachingMode: None}}, {name: b, fc: {wwids: [c]}}]}",
		"router: {extraVolumes: [{name: a, cephfs: {monitors: ['b:1'], secretRef: {name: c}}}, {name: b, flexVolume: {driver: c/d, options: {e: f}}}]}",
		"router: {extraVolumes: [{name: a, projected: {sources: [{secret: {name: b}}, {configMap: {name: c, items: [{key: d, path: p/a}]}}, {serviceAccountToken: {path: p/b}}]}}]}",
		"router: {extraVolumes: [{name: a, configMap: {name: b, items: [{key: c, path: p}, {key: c, path: p2}]}}, {name: b, secret: {secretName: c, items: [{key: c, path: p}]}}]}",
		"router: {extraVolumes: [{name: a, ephemeral: {volumeClaimTemplate: {metadata: {labels: {b: c}, annotations: {d: e f}}, spec: {accessModes: [ReadWriteOncePod], resources: {requests: {storage: 1Gi}}}}}}]}",
		"router: {extraVolumes: [{name: a, projected: {sources: [{podCertificate: {signerName: b.c/d, keyType: ED25519, credentialBundlePath: e}}]}}]}",
		"router: {extraVolumes: [{name: a}], extraContainers: [{name: b, image: c, securityContext: {privileged: true}, volumeMounts: [{name: a, mountPath: /d, mountPropagation: Bidirectional}]}]}",
		"router: {extraEnv: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}, {name: .b, valueFrom: {fieldRef: {fieldPath: \"metadata.annotations['A.b/C']\"}}}]}",
		"router: {extraContainers: [{name: a, image: b, workingDir: /c, ports: [{containerPort: 1, hostIP: 127.0.0.1, hostPort: 1}, {containerPort: 2, hostIP: '::1', hostPort: 1}]}]}",
		"router: {extraContainers: [{name: a, image: b, ports: [{containerPort: 1, name: web}], lifecycle: {preStop: {httpGet: {port: web}}}, securityContext: {capabilities: {add: [NET_ADMIN]}}}]}",
		"router: {extraContainers: [{name: a, image: b, resizePolicy: [{resourceName: cpu, restartPolicy: NotRequired}, {resourceName: memory, restartPolicy: NotRequired}]}]}",
		"router: {extraContainers: [{name: a, image: b, resources: {limits: {hugepages-2Mi: 4Mi, memory: 64Mi}}}]}",
		"router: {resources: {requests: {memory: 1}, limits: {memory: 128974848000m}}}",
		"router: {jwt: {issuerUrl: 'https://a_b.c.:8443/realms/d%20e/', roleClaim: c, requiredRole: d}}",
		"router: {jwt: {issuerUrl: 'http://[fd00::1]:80', roleClaim: c, requiredRole: d}}",
		"redis: {addr: 'my_redis.a.svc.:6379'}",
		"spire: {clusterName: .a}",
		"spire: {server: {persistence: {size: 1Pi}}}",
		"spire: {server: {cacheReloadInterval: 59m59s}, agent: {syncInterval: 29m}}",
		"spire: {server: {dataStore: {connectionString: 'file:///run/spire/data/a?_journal=WAL'}}}",
		"spire: {server: {dataStore: {type: mysql, connectionString: 'a@tcp(b)/c?d=e&parseTime=1'}}}",
		"spire: {server: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a/}], dataStore: {connectionString: /a/b.sqlite3}}}",
		"spire: {server: {dataStore: {type: postgres, connectionString: 'postgresql://a@b/c'}}}",
		"spire: {server: {dataStore: {type: postgres, secretName: a, connectionString: ''}}}",
		"spire: {server: {upstreamAuthority: {type: certManager, issuerName: a.b, issuerKind: AWSPCAClusterIssuer, issuerGroup: awspca.cert-manager.io}}}",
		"spire: {server: {image: {tag: other}, extraConfig: {a: [{b: c}, {d: [e, 1, true]}], f: null, g: {h: null, i: []}}}}",
		"workloadmanager: {rbac: {extraRules: [{nonResourceURLs: [/a, '*'], verbs: ['*']}]}}",
		"router: {podAnnotations: {container.apparmor.security.beta.kubernetes.io/agentcube-router: localhost/a}}",
		"router: {image: {repository: 'localhost:65535/a/b--c'}}", "router: {image: {repository: a.b_c}}", "router: {image: {tag: '8'}}",
		"global: {imageRegistry: mirror.example/a_b/c.d}", "router: {serviceAccountName: a.b-c.d}",
		"router: {resources: {requests: {cpu: 100m, ephemeral-storage: 1Gi, hugepages-2Mi: 2Mi}, limits: {cpu: 1E, ephemeral-storage: 2Gi, hugepages-2Mi: 2Mi}}}",
		"router: {resources: {requests: {cpu: 100000000n}, limits: {cpu: 1e-1}}}", "router: {resources: {requests: {memory: '4e6'}, limits: {memory: 4Mi}}}",
		"router: {resources: {requests: {memory: 1E}, limits: {memory: 1Ei}}}", "router: {autoscaling: {enabled: true}, resources: {requests: {cpu: null}, limits: {cpu: 1m}}}",
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /tmp}, {name: a, mountPath: /etc/ssl/certs}, {name: a, mountPath: /dev/shm}]}",
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a/b}, {name: a, mountPath: /a}, {name: a, mountPath: /etc/hosts, subPath: b}]}",
		"spire: {server: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /opt/plugins}]}}",
		"router: {extraContainers: [{name: a, image: b, ports: [{name: c-1-2, containerPort: 1, hostPort: 0}, {name: d, containerPort: 1, protocol: UDP}]}]}",
		"router: {extraContainers: [{name: a, image: b, livenessProbe: {grpc: {port: 1}}, startupProbe: {exec: {command: [c]}}, lifecycle: {preStop: {sleep: {seconds: 1}}}}]}",
		"workloadmanager: {rbac: {extraRules: [{nonResourceURLs: [/a], verbs: [get]}, {apiGroups: [a], resources: [b], resourceNames: [c], verbs: [get]}]}}",
		"spire: {server: {upstreamAuthority: {type: secret, secretName: a}}}", "spire: {workloadAPI: {socketName: " + digest + ".sock}}",
		"router: {podLabels: {" + strings.Repeat("a.", 126) + "a/b: c}}", "networkPolicies: {nodeCIDRs: ['::/0', '1:2:3:4:5:6:7:8/128', '1::8/128', '::1/128', 10.0.0.1/8]}",
		"router: {extraVolumes: [{name: a, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]}",
		"router: {extraVolumes: [{name: a, csi: {driver: b.c, volumeAttributes: {d: e}}}, {name: b, iscsi: {targetPortal: b, iqn: 'iqn.2001-04.a:b', lun: 0}}]}",
		"router: {extraVolumes: [{name: a, projected: {sources: [{serviceAccountToken: {path: b, expirationSeconds: 600}}, {clusterTrustBundle: {path: c, name: d}}]}}]}",
		"router: {extraVolumes: [{name: a, downwardAPI: {items: [{path: b/c, fieldRef: {fieldPath: \"metadata.labels['d']\"}}]}}, {name: b, hostPath: {path: /}}]}",
		"router: {extraEnv: [{name: B}], extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a, subPath: '', subPathExpr: $(B)/c}]}",
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a, subPathExpr: $(AGENTCUBE_NAMESPACE)/$$(B)/$(KUBERNETES_SERVICE_PORT_HTTPS)}]}",
		"router: {extraVolumes: [{name: a}], extraContainers: [{name: b, image: c, envFrom: [{secretRef: {name: d}}], volumeMounts: [{name: a, mountPath: /a, subPathExpr: $(E)}]}]}",
		"spire: {agent: {affinity: {podAffinity: null, nodeAffinity: {}}, podSecurityContext: {sysctls: [{name: kernel.shm_rmid_forced, value: '1'}]}}}",
		"router: {affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, labelSelector: {matchLabels: {b: c}}, matchLabelKeys: [d], mismatchLabelKeys: [b]}]}}}",
		"router: {extraContainers: [{name: a, image: 'b:5000/c/d:e@sha256:" + digest + "', envFrom: [{prefix: A_, secretRef: {name: b}}], readinessProbe: null, lifecycle: {preStop: null}}]}",
		"router: {extraContainers: [{name: a, image: b, securityContext: {runAsUser: 0, runAsNonRoot: false, seccompProfile: {type: Localhost, localhostProfile: a/b.json}}}]}",
		"router: {resources: {requests: {hugepages-2Mi: 2Mi, vendor/gpu: 1}, limits: {hugepages-2Mi: 2048Ki, vendor/gpu: '1'}}}",
		"router: {extraEnv: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}, {name: B, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]}",
		"router: {extraEnv: [{name: REDIS_ADDR, value: 'a:1'}]}", "router: {extraArgs: [--debug, --max-concurrent-requests=5]}",
		"router: {extraArgs: [--debug=false]}", "workloadmanager: {extraArgs: [--runtime-class-name=kata]}",
		"router: {resources: {requests: {cpu: 1, memory: 512Mi, vendor/gpu: 1}, limits: {cpu: 1.5, memory: 1Gi, vendor/gpu: 1}}}",
		"router: {resources: {requests: {cpu: 500m}, limits: {cpu: 0.5}}}", "router: {resources: null}", "router: {podSecurityContext: null}",
		"router: {autoscaling: {enabled: true}, extraContainers: [{name: a, image: b, resources: {limits: {cpu: 1}}}]}",
		"router: {service: {targetPort: 8089}}\nspire: {spiffeHelper: {healthPort: 9090}}",
		"spire: {server: {metrics: {port: 8080}}}", "spire: {spiffeHelper: {certDir: /certs/}}", "spire: {spiffeHelper: {certDir: /etc/certs}}",
		"spire: {spiffeHelper: {certDir: /var/run/certs}}", "spire: {spiffeHelper: {certFileName: .cert}}",
		"spire: {controllerManager: {ignoreNamespaces: [^kube-.*$, ^agent$]}}", "spire: {agent: {tolerations: [{key: a}, {operator: Exists}]}}",
		"spire: {server: {image: {digest: 'sha256:" + digest + "'}, extraConfig: {agent_ttl: 1h, live_path: /a, experimental: {feature_flags: [a]}}}}",
		"spire: {server: {image: {repository: mirror.example/spire-server}, extraConfig: {ratelimit: {signing: false}, federation: {bundle_endpoint: {port: '8443'}}}}}",
		"redis: {addr: '[::ffff:1.2.3.4]:6379'}", "redis: {addr: '1a.2b:6379'}", "spire: {agent: {nodeSelector: {kubernetes.io/os: linux}}}",
		"router: {jwt: {issuerUrl: 'https://10.0.0.1/a.1/2', roleClaim: c, requiredRole: d}}", "router: {extraArgs: [--a, 5, -b, -]}", "spire: {workloadAPI: {hostPath: /system}}",
		"router: {extraEnv: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, containerName: spiffe-helper}}}, {name: B, valueFrom: {fieldRef: {fieldPath: status.hostIPs}}}]}",
		"router: {extraContainers: [{name: a, image: b, securityContext: {capabilities: {drop: [all], add: [net_bind_service, CHOWN]}}}]}",
		"router: {podSecurityContext: {sysctls: [{name: net/ipv4/tcp_syncookies, value: '1'}, {name: kernel.sem, value: '1'}, {name: kernel.shmmax, value: '1'}, {name: fs.mqueue.msg_max, value: '1'}]}}",
		"spire: {agent: {podAnnotations: {container.apparmor.security.beta.kubernetes.io/spire-agent: runtime/default}, podSecurityContext: {runAsNonRoot: false}}}",
		"router: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [a]}]}]}}}}",
		"workloadmanager: {rbac: {extraRules: [{apiGroups: ['*', '', apps], resources: ['*', '*/scale', pods/exec, pods/*], verbs: ['*']}]}}",
		"spire: {server: {dataStore: {type: mysql, connectionString: 'u:p/w@tcp([fd00::1]:3306)/d?parseTime=true'}}}",
		"spire: {server: {dataStore: {type: postgres, connectionString: \"host=a user=b password='b://c'\"}}}",
		"spire: {server: {dataStore: {connectionString: '/run/spire/data/a.db?_journal=/b'}}}",
		"spire: {server: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /run/spire/data/b/}], dataStore: {connectionString: /run/spire/data/b/c.db}}}",
		"router: {extraVolumes: [{name: a}], extraContainers: [{name: b, image: c, volumeMounts: [{name: a, mountPath: /app}]}]}", "workloadmanager: {extraArgs: [--enable-tls]}",
		"spire: {agent: {insecureBootstrap: true, extraConfig: {retry_bootstrap: true, admin_socket_path: /run/spire/data/admin.sock, join_token: ''}}}",
		"spire: {agent: {image: {tag: other}, extraConfig: {experimental: {feature_flags: [a]}}}}",
		"spire: {server: {extraConfig: {admin_ids: ['spiffe://cluster.local/a/b'], ca_key_type: ec-p384, log_format: json}}}",
		"spire: {server: {extraConfig: {ca_subject: {common_name: 5}, max_attested_node_info_staleness: 0s, federation: {federates_with: {a.b: {bundle_endpoint_url: 'https://c', bundle_endpoint_profile: {https_web: {}}}}}}}}",
		"spire: {server: {extraConfig: {federation: {federates_with: {a.b: {bundle_endpoint_url: 'https://c', bundle_endpoint_profile: {https_spiffe: {endpoint_spiffe_id: 'spiffe://a.b/c'}}}}}}}}",
		"spire: {server: {extraConfig: {federation: {bundle_endpoint: {address: '::', port: 8443, profile: {https_web: {acme: {domain_name: a.b, email: c, tos_accepted: true}}}}}}}}",
		"spire: {server: {extraConfig: {federation: {bundle_endpoint: {port: 8443, profile: {https_web: {serving_cert_file: {cert_file_path: /run/spire/data/a, key_file_path: /etc/ssl/certs/b, file_sync_interval: 1m}}}}}}}}",
		"spire: {server: {extraConfig: {experimental: {events_based_cache: true, event_timeout: 1m, full_cache_reload_interval: 1h}}}}",
		"router: {service: {targetPort: 80}, podSecurityContext: {sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: '80'}]}}",
		"test: {podAnnotations: {container.apparmor.security.beta.kubernetes.io/test: runtime/default}}",
		"spire: {server: {dataStore: {type: postgres, connectionString: 'postgresql://u:p%40@[fd00::1]:5432/d?sslmode=verify-full&sslrootcert=/etc/ssl/certs/a'}}}",
		"spire: {server: {dataStore: {type: postgres, connectionString: \"host = 'h' user=u sslmode=disable port='5432' password='a;b,c'\"}}}",
		"spire: {server: {dataStore: {type: postgres, connectionString: 'postgres:///d?user=u&host=/run/pg'}, extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /run/pg}]}}", "redis: {addr: '[1:2:3:4:5:6:7:8]:6379'}",
		"spire: {server: {dataStore: {type: mysql, connectionString: 'u:p@unix(/run/m.sock)/d?tls=skip-verify&parseTime=true'}}}",
		"spire: {server: {enabled: false}, agent: {enabled: false, metrics: {enabled: true, port: 10250}}}", "router: {jwt: {issuerUrl: 'https://[1::8]:8443/a', roleClaim: a, requiredRole: b}}",
		"router: {resources: {limits: {cpu: '1E+3'}}, extraArgs: ['--a=b c'], extraEnv: [{name: GOMEMLIMIT, value: 400MiB}, {name: A, value: 400Mi}]}",
		"router: {extraEnv: [{name: GOMEMLIMIT, valueFrom: {resourceFieldRef: {resource: limits.memory}}}]}", "spire: {agent: {skipKubeletVerification: true, kubeletVerification: auto}}",
		"router: {podSecurityContext: {sysctls: [{name: net.ipv4.ip_local_port_range, value: '1024 65000'}, {name: net.ipv4.tcp_congestion_control, value: bbr}]}}",
		"router: {extraVolumes: [{name: a, csi: {driver: csi.spiffe.io, readOnly: true}}, {name: b, csi: {driver: c}}]}",
		"router: {podAnnotations: {kubernetes.io/egress-bandwidth: 10M, kubernetes.io/ingress-bandwidth: 1000, controller.kubernetes.io/pod-deletion-cost: -5}}",
		"workloadmanager: {extraArgs: [--debug=1, --enable-auth, --runtime-class-name, 'true']}", "router: {extraArgs: [--max-concurrent-requests=0]}",
		"spire: {server: {extraConfig: {prune_tofu_nodes: true, prune_attested_nodes_expired_for: 24h, profiling_freq: 0, profiling_port: 6060, log_file: /tmp/a}}}",
		"spire: {server: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a/}], extraConfig: {log_file: /a/b}}}",
		"spire: {server: {image: {tag: other}, extraConfig: {federation: {federates_with: {a.b: {bundle_endpoint_url: 'https://c'}}}, experimental: {event_timeout: 1m}}}}",
		"spire: {agent: {extraConfig: {availability_target: 36h30m, log_file: /run/spire/data/log, authorized_delegates: ['spiffe://cluster.local', 'spiffe://cluster.local/a']}}}",
		"spire: {agent: {extraConfig: {availability_target: 1440m, profiling_port: 8080}}}", "spire: {agent: {extraConfig: {log_file: /dev/stderr, join_token_file: ''}}}",
		"spire: {agent: {image: {tag: other}, extraConfig: {profiling_port: 6060, x509_svid_cache_max_size: '5', authorized_delegates: ['spiffe://cluster.local/a'], sds: null}}}",
		"router: {extraEnv: [{name: STORE_TYPE, value: Redis}, {name: REDIS_PASSWORD, value: a}, {name: REDIS_PASSWORD_REQUIRED, value: 'True'}]}",
		"router: {extraEnv: [{name: STORE_TYPE, value: VALKEY}, {name: VALKEY_ADDR, value: 'a:1,[::1]:2'}, {name: VALKEY_PASSWORD_REQUIRED, value: false}]}",
		"router: {extraEnv: [{name: STORE_TYPE, valueFrom: {configMapKeyRef: {name: a, key: b}}}, {name: REDIS_ADDR, valueFrom: {secretKeyRef: {name: a, key: b}}}]}",
		"router: {extraEnv: [{name: A, value: b}, {name: REDIS_ADDR, value: '$(A):1'}, {name: WORKLOAD_MANAGER_URL, value: 'http://$(A)/'}]}",
		"router: {extraEnv: [{name: WORKLOAD_MANAGER_URL, value: 'http://[fd00::1]:80/a'}], extraContainers: [{name: a, image: b, env: [{name: REDIS_ADDR, value: 'redis://c'}]}]}",
		"spire: {server: {dataStore: {type: postgres, connectionString: 'postgresql://a@b'}}}",
		"spire: {server: {dataStore: {type: postgres, connectionString: 'postgres://u@h/d?application_name=a&statement_timeout=5s'}}}",
		"spire: {server: {dataStore: {type: postgres, connectionString: \"host=h user=u password='a\\\\'b host='\"}}}",
		"spire: {server: {dataStore: {type: postgres, connectionString: 'postgres://u@h/d?host=%2Fsql%2Fa:b'}, extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /sql/}]}}",
		"spire: {server: {dataStore: {type: postgres, connectionString: 'host=h user=u sslrootcert=/a/b sslcert=/a/c sslkey=/a/d'}, extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a}]}}",
		"spire: {server: {dataStore: {type: mysql, connectionString: 'u:p(@)/x@tcp(h:3306)/d?timeout=1m30s&tls=TRUE&sql_mode=ANSI&charset=utf8mb4&compress=0&parseTime=true'}}}",
		"spire: {server: {dataStore: {type: mysql, connectionString: 'u@tcp6([fd00::1])/d?parseTime=true'}}}",
		"workloadmanager: {rbac: {extraRules: [{apiGroups: [example.com], resources: [pod, deployments], verbs: [get]}]}}",
		"workloadmanager: {rbac: {extraRules: [{apiGroups: [metrics.k8s.io], resources: [pods], verbs: [get]}]}}",
		"workloadmanager: {rbac: {extraRules: [{apiGroups: [policy], resources: [podsecuritypolicies], resourceNames: [a], verbs: [use]}]}}",
		"workloadmanager: {rbac: {extraRules: [{apiGroups: [''], resources: [pods/exec], resourceNames: [a], verbs: [create]}]}}",
		"workloadmanager: {rbac: {extraRules: [{apiGroups: ['*'], resources: [pod], verbs: [get]}]}}",
		"spire: {server: {extraConfig: {federation: {bundle_endpoint: {port: 443}}, profiling_enabled: true}}}",
		"spire: {server: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /a, subPath: a}], extraConfig: {experimental: {auth_opa_policy_engine: {local: {rego_path: /a}}}}}}",
		"router: {resources: {limits: {memory: 1Gi, hugepages-2Mi: 2Mi}}, extraVolumes: [{name: a, emptyDir: {medium: HugePages}}, {name: b, emptyDir: {medium: HugePages-2048Ki}}]}",
		"router: {extraArgs: [--max-concurrent-requests, 5, --jwt-issuer-url=https://b, --jwt-role-claim=a, -jwt-required-role, b]}",
		"workloadmanager: {extraArgs: [--runtime-class-name=]}",
		"router: {extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /opt}]}",
		"spire: {server: {dataStore: {connectionString: 'file:/run/spire/data/a?mode=rwc'}, extraConfig: {agent_ttl: 60s}}}",
		"spire: {server: {extraConfig: {federation: {federates_with: {a.b: {bundle_endpoint_url: 'https://[fd00::1]:8443/a?b=c', bundle_endpoint_profile: {https_web: {}}}}}}}}",
		`workloadmanager:
  extraVolumes: [{name: a, emptyDir: {sizeLimit: 1Gi}}, {name: b, projected: {sources: [{secret: {name: c}}]}}]
  extraVolumeMounts: [{name: a, mountPath: /a}, {name: a, mountPath: /a/b}, {name: certificates, mountPath: /other, readOnly: true}]
  extraContainers: [{name: c, image: d, ports: [{name: metrics, containerPort: 9000}], readinessProbe: {httpGet: {path: /, port: metrics}}, volumeMounts: [{name: b, mountPath: /run/spire/certs}]}]
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: workloadmanager}}}]
  affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: a, operator: Gt, values: ["1"]}]}}]}}`,
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			render(t, spire, given)
		})
	}
}

// TestNamespaceLikeANumber: a namespace that YAML takes for a number or a boolean stays a text.
func TestNamespaceLikeANumber(t *testing.T) {
	t.Parallel()
	for _, namespace := range []string{"123", "1e3", "0x1f", "true", "on", "null"} {
		objects := renderRelease(t, chart.Release{Namespace: namespace, Values: values(t, spire, "workloadmanager: {autoscaling: {enabled: true}}\nnetworkPolicies: {enabled: true, nodeCIDRs: [10.0.0.0/8]}")})
		require.Greater(t, len(objects), 30)
		for _, object := range objects {
			if object.GetNamespace() != "" {
				assert.Equal(t, namespace, object.GetNamespace(), object.GetName())
			}
		}
		for _, binding := range all[*rbacv1.ClusterRoleBinding](objects) {
			for _, subject := range binding.Subjects {
				assert.Equal(t, namespace, subject.Namespace, binding.Name)
			}
		}
		assert.Equal(t, namespace, get[*appsv1.Deployment](t, objects, "agentcube-router").Namespace)
	}
}
