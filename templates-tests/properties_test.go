package templatestests

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/templates-tests/chart"
)

// combinations is how many settings are drawn; SEED repeats a run that failed.
const combinations = 500

// choices are lists of settings; one of each is drawn, and all combinations are valid.
var choices = [][]string{
	{plain, spire, spire, existing, `{redis: {embedded: {enabled: true}}, spire: {enabled: true, server: {enabled: false}, agent: {enabled: false}, workloadAPI: {type: csi}}}`},
	{"{}", "redis: {password: secret}", "redis: {password: '', secretName: users, secretKey: key}"},
	{"{}", "router: {replicas: 3}", "router: {autoscaling: {enabled: true}, podDisruptionBudget: {enabled: true}}"},
	{"{}", "workloadmanager: {replicas: 2, podDisruptionBudget: {enabled: true}}", "workloadmanager: {autoscaling: {enabled: true}, drainSeconds: 0}"},
	{"{}", "router: {service: {port: 80, targetPort: 9999, type: NodePort, annotations: {a: b}}}"},
	{"{}", "workloadmanager: {service: {port: 7000, mtlsPort: 7443}}"},
	{"{}", "router: {serviceAccountName: users}", "router: {serviceAccountName: mine, rbac: {create: true}}", "router: {rbac: {create: true}}"},
	{"{}", "router: {jwt: {issuerUrl: 'https://a', audience: b, roleClaim: c, requiredRole: d}}"},
	{"{}", "volcano: {scheduler: {enabled: true}}"},
	{"{}", "networkPolicies: {enabled: true, nodeCIDRs: [10.0.0.0/8]}"},
	{"{}", "global: {imageRegistry: mirror.example}"},
	{"{}", "imagePullSecrets: [{name: users}]"},
	{"{}", "nameOverride: other"},
	{"{}", "spire: {trustDomain: example.org, clusterName: east}"},
	{"{}", "spire: {spiffeHelper: {certDir: /certs, certFileName: a, keyFileName: b, bundleFileName: c, healthPort: 9090}}"},
	{"{}", "spire: {server: {replicas: 3, dataStore: {type: postgres, connectionString: 'host=a user=b'}, podDisruptionBudget: {enabled: true}}}", "spire: {server: {dataStore: {type: mysql, secretName: users}}}"},
	{"{}", "spire: {server: {upstreamAuthority: {type: secret, secretName: users}}}", "spire: {server: {upstreamAuthority: {type: certManager, issuerName: a}, keyManager: memory}}"},
	{"{}", "spire: {server: {metrics: {enabled: true, podMonitor: {enabled: true}}, extraConfig: {agent_ttl: 2h}, jwtIssuer: 'https://a'}}"},
	{"{}", "spire: {agent: {kubeletVerification: clusterCA, metrics: {enabled: true, podMonitor: {enabled: true}}}}", "spire: {agent: {skipKubeletVerification: true, insecureBootstrap: true}}", "spire: {agent: {kubeletVerification: skip, podAnnotations: {a: b}}}"},
	{"{}", "spire: {identities: {className: platform}}", "spire: {identities: {create: false}}"},
	{"{}", "router: {extraEnv: [{name: A, value: b}], extraVolumes: [{name: x, emptyDir: {}}], extraVolumeMounts: [{name: x, mountPath: /x}], nodeSelector: {a: b}, podLabels: {c: d}}"},
}

var kubernetesVersions = []string{"v1.28.15", "v1.29.14", "v1.30.0", "v1.34.4", "v1.37.2"}

// combination is one drawn release, and the settings that made it.
type combination struct {
	release  chart.Release
	settings []string
}

func (c combination) String() string {
	return fmt.Sprintf("release %s/%s on Kubernetes %s\n%s", c.release.Namespace, c.release.Name, c.release.Kubernetes, strings.Join(c.settings, "\n"))
}

func draw(t testing.TB, random *rand.Rand) combination {
	t.Helper()
	pick := func(list []string) string { return list[random.IntN(len(list))] }
	var settings []string
	for _, list := range choices {
		if setting := pick(list); setting != "{}" {
			settings = append(settings, setting)
		}
	}
	return combination{settings: settings, release: chart.Release{
		Name:       pick([]string{"agentcube", "second"}),
		Namespace:  pick([]string{"agentcube", "elsewhere"}),
		Kubernetes: pick(kubernetesVersions),
		Values:     values(t, settings...),
	}}
}

func seed(t testing.TB) uint64 {
	t.Helper()
	given := os.Getenv("SEED")
	if given == "" {
		return 1
	}
	parsed, err := strconv.ParseUint(given, 10, 64)
	require.NoError(t, err, "SEED must be a number")
	return parsed
}

// property says what is wrong with a render; nothing means that it holds.
type property struct {
	name  string
	wrong func(combination, []client.Object) []string
}

var properties = []property{
	{"both programs are rendered", missingPrograms},
	{"every reference resolves", danglingReferences},
	{"with SPIRE off nothing of it remains", remainsOfSPIRE},
	{"selectors never change", strangeSelectors},
	{"one SPIFFE ID everywhere", disagreeingIDs},
	{"no latest where a version is known", unpinnedImages},
	{"every object has its namespace and labels", unlabelled},
	{"every container has resources and a security context", unbounded},
}

// Properties hold over a wide product of settings.
func TestProperties(t *testing.T) {
	t.Parallel()
	start := seed(t)
	for i := range uint64(combinations) {
		drawn := draw(t, rand.New(rand.NewPCG(start, i)))
		t.Run(strconv.FormatUint(i, 10), func(t *testing.T) {
			t.Parallel()
			manifests, err := drawn.release.Render()
			require.NoError(t, err, "SEED=%d\n%s", start, drawn)
			if i%10 == 0 {
				again, err := drawn.release.Render()
				require.NoError(t, err)
				require.Equal(t, manifests, again, "output is deterministic")
			}

			objects, err := chart.Decode(manifests)
			require.NoError(t, err, "SEED=%d\n%s", start, drawn)
			for _, p := range properties {
				if wrong := p.wrong(drawn, objects); len(wrong) > 0 {
					t.Errorf("%s: %s\nSEED=%d, %s", p.name, strings.Join(wrong, "\n  "), start, drawn)
				}
			}
		})
	}
}

// TestEveryPropertyCanFail breaks the Router's Deployment once for each property.
func TestEveryPropertyCanFail(t *testing.T) {
	t.Parallel()
	broken := map[string]struct {
		given  string
		breaks func(*appsv1.Deployment, *corev1.PodSpec)
		wrong  string
	}{
		"both programs are rendered": {
			spire, func(d *appsv1.Deployment, _ *corev1.PodSpec) { d.Name = "other" }, "Deployment/agentcube-router is not rendered",
		},
		"every reference resolves": {
			spire, func(_ *appsv1.Deployment, pod *corev1.PodSpec) { pod.ServiceAccountName = "nobody" }, "names ServiceAccount/nobody",
		},
		"with SPIRE off nothing of it remains": {
			plain, func(d *appsv1.Deployment, _ *corev1.PodSpec) { d.Annotations = map[string]string{"a": "SPIFFE"} }, "Deployment/agentcube-router",
		},
		"selectors never change": {
			spire, func(d *appsv1.Deployment, _ *corev1.PodSpec) { d.Spec.Selector.MatchLabels["b"] = "c" }, "Deployment/agentcube-router has map",
		},
		"one SPIFFE ID everywhere": {
			spire, func(_ *appsv1.Deployment, pod *corev1.PodSpec) { pod.ServiceAccountName = "other" }, "the Router is spiffe://cluster.local/ns/agentcube/sa/other",
		},
		"no latest where a version is known": {
			spire, func(_ *appsv1.Deployment, pod *corev1.PodSpec) { pod.Containers[0].Image = "example/a:latest" }, "runs example/a:latest",
		},
		"every object has its namespace and labels": {
			spire, func(d *appsv1.Deployment, _ *corev1.PodSpec) { d.Namespace = "other" }, `Deployment/agentcube-router is in namespace "other"`,
		},
		"every container has resources and a security context": {
			spire, func(_ *appsv1.Deployment, pod *corev1.PodSpec) { pod.Containers[0].SecurityContext = nil }, "has no security context",
		},
	}
	for _, p := range properties {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			broken, ok := broken[p.name]
			require.True(t, ok, "no mutation shows that this property can fail")
			drawn := combination{release: chart.Release{Name: "agentcube", Namespace: "agentcube", Values: values(t, broken.given)}}
			objects := renderRelease(t, drawn.release)
			require.Empty(t, p.wrong(drawn, objects))

			router := get[*appsv1.Deployment](t, objects, "agentcube-router")
			broken.breaks(router, &router.Spec.Template.Spec)
			assert.Contains(t, strings.Join(p.wrong(drawn, objects), "\n"), broken.wrong)
		})
	}
}
