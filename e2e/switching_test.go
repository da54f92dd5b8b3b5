package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/images"
	"agentcube-mtls/e2e/observed"
	"agentcube-mtls/e2e/repo"
	"agentcube-mtls/e2e/verify"
)

// TestSwitchingSPIREOnAndOffLosesNoInvocation turns mutual TLS on and off again by helm upgrades, while a client in the cluster
// invokes through the Router without a pause.
func TestSwitchingSPIREOnAndOffLosesNoInvocation(t *testing.T) {
	for _, replicas := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d of each", replicas), func(t *testing.T) {
			ctx := start(t)
			namespace := fmt.Sprintf("switching-%d", replicas)
			r := verify.Release{Client: suite.release.Client, Namespace: namespace, Name: namespace}
			t.Cleanup(func() {
				_, _ = suite.helm.Run(context.Background(), "uninstall", namespace, "--namespace", namespace)
				_ = r.CoreV1().Namespaces().Delete(context.Background(), namespace, metav1.DeleteOptions{})
			})
			options := &helm.Options{
				KubectlOptions: k8s.NewKubectlOptions("", suite.kubeconfig, namespace),
				ValuesFiles:    []string{repo.Path("values", "kind.yaml")},
				SetValues:      map[string]string{"router.replicas": fmt.Sprint(replicas), "workloadmanager.replicas": fmt.Sprint(replicas)},
				ExtraArgs:      map[string][]string{"upgrade": {"--install", "--create-namespace", "--wait", "--timeout", "5m"}},
			}
			helm.Upgrade(t, options, repo.Path("charts", "base"), namespace)
			load := startLoad(ctx, t, r)

			for _, enabled := range []string{"true", "false"} {
				began := time.Now()
				helm.Upgrade(t, &helm.Options{
					KubectlOptions: options.KubectlOptions,
					SetValues:      map[string]string{"spire.enabled": enabled},
					ExtraArgs:      map[string][]string{"upgrade": {"--reuse-values", "--wait", "--timeout", "5m"}},
				}, repo.Path("charts", "base"), namespace)
				t.Logf("spire.enabled=%s: all ready after %s", enabled, time.Since(began).Round(100*time.Millisecond))
				settle(ctx, t, r)
				_, err := r.NoRestarts(ctx)
				assert.NoError(t, err)
			}
			requests := load.stop(ctx, t)
			failed := slices.DeleteFunc(slices.Clone(requests), func(q observed.Request) bool { return q.Failure == "" })
			t.Logf("%d of %d invocations failed", len(failed), len(requests))
			require.Greater(t, len(requests), 100, "the load was too short to show anything")
			assert.Empty(t, failed)
		})
	}
}

// settle waits until the pods of earlier revisions, which go on serving for a while, are gone.
func settle(ctx context.Context, t *testing.T, r verify.Release) {
	t.Helper()
	eventually(ctx, t, "the old pods to go", func(ctx context.Context) error {
		pods, err := r.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, pod := range pods.Items {
			if pod.DeletionTimestamp != nil {
				return fmt.Errorf("%s is still there", pod.Name)
			}
		}
		return nil
	})
}

// running is a load generator in the cluster.
type running struct {
	release verify.Release
	pod     string
	file    string
}

// startLoad starts a pod that invokes an unknown runtime through the Router: the 404 of the WorkloadManager is the answer to a
// request that went all the way, and costs no sandbox.
func startLoad(ctx context.Context, t *testing.T, r verify.Release) *running {
	t.Helper()
	url := fmt.Sprintf("http://agentcube-router.%[1]s.svc.cluster.local:8080/v1/namespaces/%[1]s/agent-runtimes/nobody/invocations/x", r.Namespace)
	pod, err := r.CoreV1().Pods(r.Namespace).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "load-"},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			Containers: []corev1.Container{{
				Name:  "load",
				Image: images.Load,
				Args:  []string{"-url", url, "-expect", "404", "-rate", "20"},
			}},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	load := &running{release: r, pod: pod.Name, file: filepath.Join(repo.Path("artifacts"), r.Namespace+"-requests.jsonl")}
	eventually(ctx, t, "the first answer", func(ctx context.Context) error {
		records, err := load.records(ctx)
		if err == nil && len(records) == 0 {
			err = fmt.Errorf("no record yet")
		}
		return err
	})
	return load
}

// stop ends the load and returns the record of every request, which it also keeps as an artifact.
func (l *running) stop(ctx context.Context, t *testing.T) []observed.Request {
	t.Helper()
	records, err := l.records(ctx)
	require.NoError(t, err)
	require.NoError(t, l.release.CoreV1().Pods(l.release.Namespace).Delete(ctx, l.pod, metav1.DeleteOptions{}))
	require.NoError(t, os.MkdirAll(filepath.Dir(l.file), 0o755))
	data, err := json.Marshal(records)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(l.file, data, 0o644))
	t.Logf("every request: %s", l.file)
	return records
}

func (l *running) records(ctx context.Context) ([]observed.Request, error) {
	output, err := l.release.Logs(ctx, l.release.Namespace, l.pod, "load")
	if err != nil {
		return nil, err
	}
	var records []observed.Request
	for line := range bytes.Lines([]byte(output)) {
		var record observed.Request
		if err := json.Unmarshal(line, &record); err != nil {
			return nil, fmt.Errorf("reading the record %q: %w", line, err)
		}
		records = append(records, record)
	}
	return records, nil
}
