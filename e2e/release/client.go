package release

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/record"
)

// UnauthorizedClient is a pod that is not the Router and pretends to be. It has the Workload API's
// socket, as any pod of its node may.
type UnauthorizedClient struct {
	release Release
	*corev1.Pod
}

const (
	body       = "probe" // the container of an unauthorized client's pod
	socketDir  = "/run/spire/agent-sockets"
	socketFile = "unix://" + socketDir + "/spire-agent.sock"
)

// UnauthorizedClient starts a pod of this name, account and labels, and waits until it runs.
func (r Release) UnauthorizedClient(ctx context.Context, meta metav1.ObjectMeta, account string) (*UnauthorizedClient, error) {
	dir, err := r.socketDirectory(ctx)
	if err != nil {
		return nil, err
	}
	pod, err := r.RunPod(ctx, &corev1.Pod{ObjectMeta: meta, Spec: corev1.PodSpec{
		ServiceAccountName: account,
		Containers: []corev1.Container{{
			Name:         body,
			Image:        images.Probe,
			Args:         []string{"wait"},
			VolumeMounts: []corev1.VolumeMount{{Name: "workload-api", MountPath: socketDir, ReadOnly: true}},
		}},
		Volumes: []corev1.Volume{{Name: "workload-api", VolumeSource: corev1.VolumeSource{
			HostPath: &corev1.HostPathVolumeSource{Path: dir},
		}}},
	}})
	return &UnauthorizedClient{r, pod}, err
}

// socketDirectory returns the directory of the nodes in which the release's agents have their
// socket.
func (r Release) socketDirectory(ctx context.Context) (string, error) {
	agents, err := r.AppsV1().DaemonSets(r.Namespace).Get(ctx, "spire-agent", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	for _, volume := range agents.Spec.Template.Spec.Volumes {
		if volume.HostPath != nil && strings.Contains(volume.HostPath.Path, "socket") {
			return volume.HostPath.Path, nil
		}
	}
	return "", fmt.Errorf("the DaemonSet spire-agent mounts no directory of the node for its socket")
}

// Identity asks the Workload API who the unauthorized client is.
func (s *UnauthorizedClient) Identity(ctx context.Context) (record.Identity, error) {
	var identity record.Identity
	output, err := s.probe(ctx, "identity", "-socket", socketFile)
	if err != nil {
		return identity, err
	}
	return identity, json.Unmarshal([]byte(output), &identity)
}

// Intrude tries to reach the WorkloadManager in every way that the unauthorized client has, and
// returns what became of each. The arguments are the probe's flags for further credentials.
func (s *UnauthorizedClient) Intrude(ctx context.Context, args ...string) ([]record.Refusal, error) {
	flags, err := s.release.pretence(ctx)
	if err != nil {
		return nil, err
	}
	output, err := s.probe(ctx, append(flags, args...)...)
	if err != nil {
		return nil, err
	}
	return refusals(output)
}

// Trespass tries to reach the WorkloadManager of another release from within the Router's pod, in
// every way that it has.
func (r Release) Trespass(ctx context.Context, other Release) ([]record.Refusal, error) {
	routers, err := r.pods(ctx, routerApp)
	if err != nil {
		return nil, err
	}
	flags, err := other.pretence(ctx)
	if err != nil {
		return nil, err
	}
	output, err := r.RunBeside(ctx, r.Namespace, routers[0].Name, routerApp, images.Probe, append(flags, certificateArgs(routers[0])...)...)
	if err != nil {
		return nil, err
	}
	return refusals(output)
}

// pretence returns the flags with which a probe pretends to be the release's Router.
func (r Release) pretence(ctx context.Context) ([]string, error) {
	routers, err := r.pods(ctx, routerApp)
	if err != nil {
		return nil, err
	}
	mtls, plain, err := r.addresses(ctx, routers[0])
	if err != nil {
		return nil, err
	}
	expected, err := r.Expected(ctx)
	return []string{"unauthorized", "-target", mtls, "-plain", plain, "-pretend", expected.Router}, err
}

// refusals reads what an unauthorized client's probe printed.
func refusals(output string) ([]record.Refusal, error) {
	var refusals []record.Refusal
	for line := range bytes.Lines([]byte(output)) {
		var refusal record.Refusal
		if err := json.Unmarshal(line, &refusal); err != nil {
			return nil, fmt.Errorf("reading what the unauthorized client's probe printed: %w\n%s", err, output)
		}
		refusals = append(refusals, refusal)
	}
	return refusals, nil
}

// probe runs the probe in the container that is there: SPIRE's agents know no ephemeral ones.
func (s *UnauthorizedClient) probe(ctx context.Context, args ...string) (string, error) {
	return s.release.Exec(ctx, s.Namespace, s.Name, body, append([]string{"/probe"}, args...)...)
}
