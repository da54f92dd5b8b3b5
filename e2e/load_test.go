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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/images"
	"agentcube-mtls/e2e/observed"
	"agentcube-mtls/e2e/repo"
	"agentcube-mtls/e2e/verify"
)

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

// requireNoFailure ends the load and fails the test if any of its requests was not served.
func (l *running) requireNoFailure(ctx context.Context, t *testing.T) {
	t.Helper()
	eventually(ctx, t, "enough requests to show something", func(ctx context.Context) error {
		records, err := l.records(ctx)
		if err == nil && len(records) <= 100 {
			err = fmt.Errorf("%d so far", len(records))
		}
		return err
	})
	requests := l.stop(ctx, t)
	failed := slices.DeleteFunc(slices.Clone(requests), func(q observed.Request) bool { return q.Failure == "" })
	t.Logf("%d of %d invocations failed", len(failed), len(requests))
	assert.Empty(t, failed)
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
