package release

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/record"
)

// Identities are the SPIFFE IDs that the two sides should have.
type Identities struct{ Router, WorkloadManager string }

// Expected returns the identities that follow from the trust domain that the Router was told and
// the accounts of the pods.
func (r Release) Expected(ctx context.Context) (Identities, error) {
	var ids Identities
	routers, err := r.pods(ctx, routerApp)
	if err != nil {
		return ids, err
	}
	managers, err := r.pods(ctx, workloadManagerApp)
	if err != nil {
		return ids, err
	}
	trustDomain := environment(routers[0], routerApp, "AGENTCUBE_SPIFFE_TRUST_DOMAIN")
	id := func(pod corev1.Pod) string {
		return fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", trustDomain, pod.Namespace, pod.Spec.ServiceAccountName)
	}
	return Identities{Router: id(routers[0]), WorkloadManager: id(managers[0])}, nil
}

// Handshake connects to the WorkloadManager from within a Router's pod, with that Router's own
// certificate.
func (r Release) Handshake(ctx context.Context) (*record.Handshake, error) {
	pods, err := r.pods(ctx, routerApp)
	if err != nil {
		return nil, err
	}
	args, err := r.probeArgs(ctx, &pods[0])
	if err != nil {
		return nil, err
	}
	output, err := r.RunBeside(ctx, r.Namespace, pods[0].Name, routerApp, images.Probe, append([]string{"handshake"}, args...)...)
	if err != nil {
		return nil, err
	}
	seen := &record.Handshake{}
	if err := json.Unmarshal([]byte(output), seen); err != nil {
		return nil, fmt.Errorf("reading what the probe saw, %q: %w", output, err)
	}
	return seen, nil
}

// RouterCertificate returns the certificate that a Router shows, as PEM.
func (r Release) RouterCertificate(ctx context.Context) (string, error) {
	pods, err := r.pods(ctx, routerApp)
	if err != nil {
		return "", err
	}
	return r.RunBeside(ctx, r.Namespace, pods[0].Name, routerApp, images.Probe, "certificate", "-file", argument(pods[0], "--mtls-cert="))
}

// StartWatch starts a probe in a Router's pod that prints each certificate that a side begins to
// use, and returns the name of its container. In other pods, and in those of Routers without TLS,
// it starts nothing and returns "".
func (r Release) StartWatch(ctx context.Context, pod *corev1.Pod) (string, error) {
	if pod.Labels["app"] != routerApp || argument(*pod, "--mtls-cert=") == "" {
		return "", nil
	}
	args, err := r.probeArgs(ctx, pod)
	if err != nil {
		return "", err
	}
	return r.StartBeside(ctx, pod.Namespace, pod.Name, routerApp, images.Probe, append([]string{"watch"}, args...)...)
}

// probeArgs returns the flags with which a probe connects like the Router of a pod.
func (r Release) probeArgs(ctx context.Context, router *corev1.Pod) ([]string, error) {
	target, _, err := r.addresses(ctx, *router)
	if err != nil {
		return nil, err
	}
	return append([]string{"-target", target}, certificateArgs(*router)...), nil
}

// certificateArgs returns the flags with which a probe presents the certificate of a Router's pod.
func certificateArgs(router corev1.Pod) []string {
	return []string{"-cert", argument(router, "--mtls-cert="), "-key", argument(router, "--mtls-key="), "-ca", argument(router, "--mtls-ca=")}
}

func (r Release) describeHandshake(ctx context.Context) (string, error) {
	seen, err := r.Handshake(ctx)
	if err != nil {
		return "", err
	}
	expected, err := r.Expected(ctx)
	if err != nil {
		return "", err
	}
	return judged(seen, expected)
}

// judged returns a handshake in words, or what is wrong with it.
func judged(seen *record.Handshake, expected Identities) (string, error) {
	if got := (Identities{seen.Client.ID, seen.Server.ID}); got != expected {
		return "", fmt.Errorf("the identities are %+v, expected %+v", got, expected)
	}
	if seen.Version != "TLS 1.3" {
		return "", fmt.Errorf("the protocol is %s, expected TLS 1.3", seen.Version)
	}
	return fmt.Sprintf("%s, each side verified the other:\n%s\n%s", seen.Version, describe(seen.Client), describe(seen.Server)), nil
}

func describe(svid record.SVID) string {
	return fmt.Sprintf("%s, expires in %s", svid.ID, time.Until(svid.Expires).Round(time.Second))
}

// addresses returns the mTLS port that the Router was told, and the WorkloadManager's plain port,
// each as host:port.
func (r Release) addresses(ctx context.Context, router corev1.Pod) (mtls, plain string, err error) {
	told, err := url.Parse(environment(router, routerApp, "WORKLOAD_MANAGER_URL"))
	if err != nil {
		return "", "", fmt.Errorf("the Router's WORKLOAD_MANAGER_URL: %w", err)
	}
	service, err := r.CoreV1().Services(r.Namespace).Get(ctx, workloadManagerApp, metav1.GetOptions{})
	if err != nil {
		return "", "", err
	}
	for _, port := range service.Spec.Ports {
		if port.Name == "http" {
			return told.Host, fmt.Sprintf("%s:%d", told.Hostname(), port.Port), nil
		}
	}
	return "", "", fmt.Errorf("the Service %s has no port named http", service.Name)
}

// argument returns the rest of a container's argument that begins with the prefix.
func argument(pod corev1.Pod, prefix string) string {
	for _, container := range pod.Spec.Containers {
		for _, arg := range container.Args {
			if value, ok := strings.CutPrefix(arg, prefix); ok {
				return value
			}
		}
	}
	return ""
}

// environment returns the value of a container's environment variable.
func environment(pod corev1.Pod, container, name string) string {
	for _, c := range pod.Spec.Containers {
		for _, variable := range c.Env {
			if c.Name == container && variable.Name == name {
				return variable.Value
			}
		}
	}
	return ""
}
