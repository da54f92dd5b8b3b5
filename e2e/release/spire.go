package release

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Names that the chart gives to what runs in its pods.
const (
	routerApp          = "agentcube-router"
	workloadManagerApp = "workloadmanager"
	helper             = "spiffe-helper"
	serverContainer    = "spire-server"
)

// ServerPod is the pod of the first SPIRE server, which is asked for all.
const ServerPod = "spire-server-0"

// Server runs a command of the SPIRE server's program, which talks to the server over its
// administration socket.
func (r Release) Server(ctx context.Context, args ...string) (string, error) {
	command := append([]string{"/opt/spire/bin/spire-server"}, args...)
	return r.Exec(ctx, r.Namespace, ServerPod, serverContainer, command...)
}

// ServerHealthy asks the SPIRE server whether it is healthy.
func (r Release) ServerHealthy(ctx context.Context) (string, error) {
	output, err := r.Server(ctx, "healthcheck")
	return strings.TrimSpace(output), err
}

// spireID is an identity as SPIRE's API writes it.
type spireID struct {
	TrustDomain string `json:"trust_domain"`
	Path        string `json:"path"`
}

func (id spireID) String() string { return "spiffe://" + id.TrustDomain + id.Path }

// AgentsAttested compares the agents that the server has attested with the nodes.
func (r Release) AgentsAttested(ctx context.Context) (string, error) {
	nodes, err := r.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	output, err := r.Server(ctx, "agent", "list", "-output", "json")
	if err != nil {
		return "", err
	}
	agents, err := attested(output, time.Now())
	if err != nil {
		return "", err
	}
	var missing []string
	for _, node := range nodes.Items {
		if !agents[string(node.UID)] {
			missing = append(missing, node.Name)
		}
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("%d/%d nodes have an attested agent, missing: %s", len(nodes.Items)-len(missing), len(nodes.Items), strings.Join(missing, ", "))
	}
	return fmt.Sprintf("%[1]d/%[1]d nodes", len(nodes.Items)), nil
}

// attested returns the UIDs of the nodes whose agents, of a list, have certificates that are valid
// at a moment. The server also lists agents with expired certificates, and those of nodes that are
// gone. An agent's SPIFFE ID ends with the UID of its node:
// https://github.com/spiffe/spire/blob/v1.13.3/doc/plugin_server_nodeattestor_k8s_psat.md
func attested(list string, now time.Time) (map[string]bool, error) {
	var read struct {
		Agents []struct {
			ID      spireID `json:"id"`
			Expires int64   `json:"x509svid_expires_at,string"` // seconds since 1970
		}
	}
	if err := json.Unmarshal([]byte(list), &read); err != nil {
		return nil, fmt.Errorf("reading the list of agents: %w", err)
	}
	valid := map[string]bool{}
	for _, agent := range read.Agents {
		if now.Unix() < agent.Expires {
			valid[path.Base(agent.ID.Path)] = true
		}
	}
	return valid, nil
}

// Registered returns the SPIFFE ID of every registration entry on the server.
func (r Release) Registered(ctx context.Context) ([]string, error) {
	output, err := r.Server(ctx, "entry", "show", "-output", "json")
	if err != nil {
		return nil, err
	}
	var list struct {
		Entries []struct {
			SPIFFEID spireID `json:"spiffe_id"`
		}
	}
	if err := json.Unmarshal([]byte(output), &list); err != nil {
		return nil, fmt.Errorf("reading the registration entries: %w", err)
	}
	var ids []string
	for _, entry := range list.Entries {
		ids = append(ids, entry.SPIFFEID.String())
	}
	return ids, nil
}

// EntriesRegistered checks that Router and WorkloadManager have a registration entry on the server.
func (r Release) EntriesRegistered(ctx context.Context) (string, error) {
	ids, err := r.Registered(ctx)
	if err != nil {
		return "", err
	}
	expected, err := r.Expected(ctx)
	if err != nil {
		return "", err
	}
	for _, id := range []string{expected.Router, expected.WorkloadManager} {
		if !slices.Contains(ids, id) {
			return "", fmt.Errorf("%s is not registered; registered are: %s", id, strings.Join(ids, " "))
		}
	}
	return fmt.Sprintf("%d, with those of Router and WorkloadManager", len(ids)), nil
}

// SidecarsReady checks that every pod of Router and WorkloadManager has a spiffe-helper that is
// ready.
func (r Release) SidecarsReady(ctx context.Context) (string, error) {
	var ready []string
	for _, app := range []string{routerApp, workloadManagerApp} {
		pods, err := r.pods(ctx, app)
		if err != nil {
			return "", err
		}
		for _, pod := range pods {
			statuses := slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
			n := slices.IndexFunc(statuses, func(s corev1.ContainerStatus) bool { return s.Name == helper })
			if n < 0 || !statuses[n].Ready {
				return "", fmt.Errorf("pod %s has no %s that is ready", pod.Name, helper)
			}
			ready = append(ready, pod.Name)
		}
	}
	return strings.Join(ready, "\n"), nil
}

// pods returns the running pods of a component; none is an error.
func (r Release) pods(ctx context.Context, app string) ([]corev1.Pod, error) {
	list, err := r.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
	if err != nil {
		return nil, err
	}
	pods := slices.DeleteFunc(list.Items, func(p corev1.Pod) bool {
		return p.DeletionTimestamp != nil || p.Status.Phase != corev1.PodRunning
	})
	if len(pods) == 0 {
		return nil, fmt.Errorf("no pod with the label app=%s runs in namespace %s", app, r.Namespace)
	}
	return pods, nil
}

// LoggedByEach checks that each pod of a program has written lines with these parts since a moment,
// one after the other.
func (r Release) LoggedByEach(ctx context.Context, app, container string, since time.Time, parts ...string) error {
	pods, err := r.pods(ctx, app)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		options := &corev1.PodLogOptions{Container: container, SinceTime: &metav1.Time{Time: since}}
		data, err := r.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, options).DoRaw(ctx)
		if err != nil {
			return err
		}
		rest := string(data)
		for _, part := range parts {
			_, after, found := strings.Cut(rest, part)
			if !found {
				return fmt.Errorf("%s has not written %q in its place among %q", pod.Name, part, parts)
			}
			rest = after
		}
	}
	return nil
}

// Logged checks that a program of the release has written a line that holds all the parts. Its
// container is named like its app.
func (r Release) Logged(ctx context.Context, app string, parts ...string) error {
	pods, err := r.pods(ctx, app)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		log, err := r.Logs(ctx, pod.Namespace, pod.Name, app)
		if err != nil {
			return err
		}
		for line := range strings.Lines(log) {
			if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
				return nil
			}
		}
	}
	return fmt.Errorf("%s has written no line with all of %q", app, parts)
}

// NoRestarts checks that no container of the release was ever restarted.
func (r Release) NoRestarts(ctx context.Context) (string, error) {
	list, err := r.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	containers, restarted := 0, []string(nil)
	for _, pod := range list.Items {
		for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			containers++
			if status.RestartCount > 0 {
				restarted = append(restarted, fmt.Sprintf("%s/%s %d times", pod.Name, status.Name, status.RestartCount))
			}
		}
	}
	if containers == 0 {
		return "", fmt.Errorf("no container in namespace %s", r.Namespace)
	}
	if len(restarted) > 0 {
		return "", fmt.Errorf("restarted: %s", strings.Join(restarted, ", "))
	}
	return fmt.Sprintf("0 of %d containers", containers), nil
}
