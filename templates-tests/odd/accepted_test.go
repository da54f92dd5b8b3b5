package odd_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/chartutil"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
	"agentcube-mtls/templates-tests/odd"
)

// each is how many odd values of a kind are drawn; SEED draws others.
const each = 100

// filled has an entry in each list and map that is the user's to fill.
const filled = `
imagePullSecrets: [{name: registry}]
networkPolicies: {nodeCIDRs: [10.0.0.0/8]}
router: &pod
  annotations: &texts {team: a}
  service: {annotations: *texts}
  podAnnotations: *texts
  podLabels: *texts
  nodeSelector: *texts
  extraEnv: [{name: EXTRA}]
  extraArgs: [--extra]
  extraVolumes: [{name: extra}]
  extraVolumeMounts: [{name: extra, mountPath: /extra}]
  extraContainers: [{name: extra, image: extra, resources: {requests: {cpu: 1m}}}]
  tolerations: [{key: extra}]
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: extra, whenUnsatisfiable: ScheduleAnyway, labelSelector: {}}]
workloadmanager:
  <<: *pod
  rbac: {extraRules: [{apiGroups: [extra], resources: [extras], verbs: [get]}]}
spire:
  identities: {clients: [{name: extra, namespace: extra, serviceAccount: extra, podLabels: *texts}]}
  server:
    service: {annotations: *texts}
    podAnnotations: *texts
    podLabels: *texts
    nodeSelector: *texts
    extraConfig: {agent_ttl: 1h, audit_log_enabled: true, profiling_names: [a], ratelimit: {signing: true}}
    extraVolumes: [{name: extra}]
    extraVolumeMounts: [{name: extra, mountPath: /extra}]
    metrics: {podMonitor: {labels: *texts}}
    tolerations: [{key: extra}]
    topologySpreadConstraints: [{maxSkew: 1, topologyKey: extra, whenUnsatisfiable: ScheduleAnyway, labelSelector: {}}]
  agent: {podAnnotations: *texts, podLabels: *texts, nodeSelector: *texts, extraConfig: {allow_unauthenticated_verifiers: true, jwt_svid_cache_max_size: 1, sds: {default_svid_name: a}}, tolerations: [{key: extra}]}`

const (
	plain = `{redis: {addr: "redis:6379", password: secret}}`
	spire = `{redis: {addr: "redis:6379", password: secret}, spire: {enabled: true}}`
)

// volumes are those that the mounts of filled name.
const volumes = `
router: {extraVolumes: [{name: extra}]}
workloadmanager: {extraVolumes: [{name: extra}]}
spire: {server: {extraVolumes: [{name: extra}]}}`

// everything is what can be on at the same time.
const everything = `
redis: {password: a, embedded: {enabled: true}}
router: {autoscaling: {enabled: true}, podDisruptionBudget: {enabled: true}, jwt: {issuerUrl: "https://a", audience: b, roleClaim: c, requiredRole: d}}
workloadmanager: {autoscaling: {enabled: true}, podDisruptionBudget: {enabled: true}}
volcano: {scheduler: {enabled: true}}
networkPolicies: {enabled: true, nodeCIDRs: [10.1.0.0/16]}
spire:
  enabled: true
  server:
    replicas: 2
    metrics: {enabled: true}
    podDisruptionBudget: {enabled: true}
    dataStore: {type: postgres, connectionString: host=a user=b}
    upstreamAuthority: {type: certManager, issuerName: a}
  agent: {metrics: {enabled: true}}`

// outcome counts the odd values of a kind.
type outcome struct{ tried, rejected, right int }

func (o outcome) String() string {
	return fmt.Sprintf("%d tried, %d rejected by the chart, %d accepted and right, %d accepted and refused", o.tried, o.rejected, o.right, o.tried-o.rejected-o.right)
}

// TestAcceptedValueWorks tries odd values: what the chart accepts, the API server and the programs
// that read the configuration files accept too; what it rejects, it names.
func TestAcceptedValueWorks(t *testing.T) {
	t.Parallel()
	judge := newJudge(t)
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("SEED"), "1"), 10, 64)
	require.NoError(t, err, "SEED must be a number")
	random := rand.New(rand.NewPCG(seed, 0))

	given := []string{plain, spire, everything}
	examples, err := filepath.Glob(repo.Path("values", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, examples)
	for _, example := range examples {
		content, err := os.ReadFile(example)
		require.NoError(t, err)
		given = append(given, string(content))
	}
	var bases []map[string]any
	taken := odd.Taken{}
	for _, values := range given {
		base := over(parse(t, values), parse(t, volumes))
		manifests, err := render(base)
		require.NoError(t, err)
		require.NoError(t, judge.judge(t.Context(), manifests), values)
		if values == spire {
			judge.isJudged(t, manifests)
		}
		objects, _ := judge.decode(manifests)
		for _, object := range objects {
			taken.Add(object.Object)
		}
		bases = append(bases, base)
	}
	values := odd.Make(describedValues(t), over(parse(t, filled), chart.Base().Values), taken)
	random.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	drawn := map[string]int{}
	values = slices.DeleteFunc(values, func(value odd.Value) bool {
		drawn[value.Kind]++
		return drawn[value.Kind] > each
	})

	var mutex sync.Mutex
	outcomes := map[string]outcome{}
	var sum outcome
	count := func(kind string, rejected, right int) {
		mutex.Lock()
		defer mutex.Unlock()
		of := outcomes[kind]
		outcomes[kind] = outcome{of.tried + 1, of.rejected + rejected, of.right + right}
		sum = outcome{sum.tried + 1, sum.rejected + rejected, sum.right + right}
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, value := range values {
		base := bases[random.IntN(len(bases))]
		group.Go(func() error {
			about := fmt.Sprintf("SEED=%d, %s: %s: %.100q", seed, value.Kind, value.Key(), fmt.Sprint(value.Value))
			manifests, rejection := render(over(value.Given, base))
			if rejection != nil {
				count(value.Kind, 1, 0)
				assert.True(t, isNamed(rejection, value.Path), "%s is rejected, but the error does not name it: %s", about, rejection)
				return nil
			}
			if refusal := judge.judge(t.Context(), manifests); refusal != nil {
				count(value.Kind, 0, 0)
				assert.NoError(t, refusal, "%s is accepted by the chart, but refused", about)
				return nil
			}
			count(value.Kind, 0, 1)
			return nil
		})
	}
	require.NoError(t, group.Wait())
	for _, kind := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%s: %s", kind, outcomes[kind])
	}
	t.Logf("all: %s", sum)
	assert.Positive(t, sum.rejected)
	assert.Positive(t, sum.right)
}

// describedValues returns the schema of the values.
func describedValues(t *testing.T) map[string]any {
	t.Helper()
	var parsed map[string]any
	require.NoError(t, json.Unmarshal(chart.Base().Schema, &parsed))
	return parsed
}

// over lays values over others.
func over(above, below map[string]any) map[string]any {
	return chartutil.MergeTables(k8sruntime.DeepCopyJSON(above), k8sruntime.DeepCopyJSON(below))
}

func parse(t *testing.T, values string) map[string]any {
	t.Helper()
	var parsed map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(values), &parsed))
	return parsed
}

// render returns the manifests that the chart makes of values.
func render(values map[string]any) (map[string]string, error) {
	return chart.Release{Name: judged, Namespace: judged, Values: values}.Render()
}

// isNamed tells whether a rejection names a key, or what it is in: the section or, of an entry of a
// list, any part, or the list.
func isNamed(rejection error, path []string) bool {
	message := rejection.Error()
	if strings.Contains(message, "template: ") && !strings.Contains(message, "execution error at") {
		return false // the template broke
	}
	entry := slices.IndexFunc(path, func(key string) bool { return key == "0" })
	from := len(path) - 2
	if entry >= 0 {
		from = min(from, entry-1)
	}
	return slices.ContainsFunc(path[max(0, from):], func(key string) bool { return key != "0" && strings.Contains(message, key) })
}

func TestRejectionNamesItsKey(t *testing.T) {
	t.Parallel()
	for message, path := range map[string]string{
		"at '/router/service': additional properties 'prot' not allowed":           "router.service.prot",
		"at '/router/service': got string":                                         "router.service.port",
		"at '/router/extraContainers/0/env': got string":                           "router.extraContainers.0.env.0.name",
		"execution error at (chart/templates/a.yaml:1:4): extraContainers has two": "router.extraContainers.0.name",
	} {
		assert.True(t, isNamed(errors.New(message), strings.Split(path, ".")), message)
	}
	for message, path := range map[string]string{
		"at '/router/replicas': got string":                                                "router.service.port",
		"at '/router/extraEnv/0': got string":                                              "router.extraContainers.0.name",
		"template: chart/templates/a.yaml:1:4: executing at <.Values.router.service.port>": "router.service.port",
	} {
		assert.False(t, isNamed(errors.New(message), strings.Split(path, ".")), message)
	}
}
