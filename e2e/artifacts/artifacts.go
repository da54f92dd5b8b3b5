// Package artifacts keeps what a person needs to understand a failure after the cluster is gone.
package artifacts

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/e2e/helm"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/cluster"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/internal/repo"
)

// Collect writes a folder with the pods, logs and events of all namespaces, the manifests and
// values of every release, and the entries, agents and bundle of every SPIRE server, and the logs
// of the nodes, and returns the folder. If something is unavailable, its file says why.
func Collect(ctx context.Context, name string, c *cluster.Cluster, client *kube.Client, helm *helm.Client) (string, error) {
	dir := repo.Path("artifacts", strings.ReplaceAll(name, "/", "_")+"-"+time.Now().UTC().Format("20060102T150405"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	f := folder{dir: dir}
	f.objects(ctx, client)
	f.releases(ctx, helm)
	if err := c.CollectLogs(filepath.Join(dir, "nodes")); err != nil {
		f.write(filepath.Join("nodes", "error.txt"), func() (string, error) { return "", err })
	}
	return dir, f.err
}

type folder struct {
	dir string
	err error
}

// write writes what get returns to a file, or why it returned nothing.
func (f *folder) write(name string, get func() (string, error)) {
	content, err := get()
	if err != nil {
		content += "\n(unavailable: " + err.Error() + ")\n"
	}
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.err = err
		return
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		f.err = err
	}
}

func (f *folder) objects(ctx context.Context, client *kube.Client) {
	pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	f.write("pods.yaml", func() (string, error) { return toYAML(pods, err) })
	if err == nil {
		for _, pod := range pods.Items {
			f.logs(ctx, client, pod)
			if pod.Name == release.ServerPod {
				f.spire(ctx, release.Release{Client: client, Namespace: pod.Namespace})
			}
		}
	}
	events, err := client.CoreV1().Events("").List(ctx, metav1.ListOptions{})
	f.write("events.txt", func() (string, error) {
		if err != nil {
			return "", err
		}
		var lines []string
		for _, e := range events.Items {
			lines = append(lines, fmt.Sprintf("%s %s %s/%s %s: %s", e.LastTimestamp.UTC().Format(time.RFC3339), e.Type,
				e.InvolvedObject.Namespace, e.InvolvedObject.Name, e.Reason, e.Message))
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n") + "\n", nil
	})
}

func (f *folder) logs(ctx context.Context, client *kube.Client, pod corev1.Pod) {
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses) {
		path := filepath.Join("logs", pod.Namespace, pod.Name, status.Name)
		f.write(path+".log", func() (string, error) { return client.Logs(ctx, pod.Namespace, pod.Name, status.Name) })
		if status.RestartCount > 0 {
			f.write(path+".previous.log", func() (string, error) {
				options := &corev1.PodLogOptions{Container: status.Name, Previous: true}
				data, err := client.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, options).DoRaw(ctx)
				return string(data), err
			})
		}
	}
}

func (f *folder) spire(ctx context.Context, server release.Release) {
	for name, args := range map[string][]string{"entries": {"entry", "show"}, "agents": {"agent", "list"}, "bundle": {"bundle", "show"}} {
		f.write(filepath.Join("spire", server.Namespace, name+".txt"), func() (string, error) { return server.Server(ctx, args...) })
	}
}

func (f *folder) releases(ctx context.Context, helm *helm.Client) {
	list, err := helm.Run(ctx, "list", "--all-namespaces", "--all", "--output", "json")
	f.write("releases.json", func() (string, error) { return list, err })
	var releases []struct{ Name, Namespace string }
	if err := json.Unmarshal([]byte(list), &releases); err != nil {
		return // releases.json says why
	}
	for _, r := range releases {
		for _, what := range []string{"manifest", "values"} {
			f.write(filepath.Join("releases", r.Namespace, r.Name+"-"+what+".yaml"), func() (string, error) {
				return helm.Run(ctx, "get", what, r.Name, "--namespace", r.Namespace)
			})
		}
	}
}

func toYAML(object any, err error) (string, error) {
	if err != nil {
		return "", err
	}
	data, err := yaml.Marshal(object)
	return string(data), err
}
