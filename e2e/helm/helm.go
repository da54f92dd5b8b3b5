// Package helm installs the charts with the helm client, as a user would.
package helm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
)

// Name is the release's name and its namespace, as in every guide.
const (
	Name      = "agentcube"
	Namespace = "agentcube"
)

// timeout bounds what helm waits for.
const timeout = "5m"

// Client runs the helm client against one cluster.
type Client struct {
	Program    string
	Kubeconfig string
}

// New returns the client for the cluster of a kubeconfig file.
func New(ctx context.Context, kubeconfig string) (*Client, error) {
	program, err := images.Helm(ctx)
	return &Client{Program: program, Kubeconfig: kubeconfig}, err
}

// Run runs helm with the arguments and returns what it printed.
func (h *Client) Run(ctx context.Context, args ...string) (string, error) {
	return command.New(append([]string{h.Program, "--kubeconfig", h.Kubeconfig}, args...)...).Output(ctx)
}

// Install installs both charts, or brings them up to date, and waits until all they install is
// ready. Values that the user has set on an earlier installation are kept. Files with more values
// come last.
func (h *Client) Install(ctx context.Context, files ...string) error {
	if err := h.upgrade(ctx, "spire-crds", "charts/spire-crds"); err != nil {
		return err
	}
	args := []string{"--values", repo.Path("values", "kind.yaml"), "--set", "spire.enabled=true"}
	for _, file := range files {
		args = append(args, "--values", file)
	}
	return h.upgrade(ctx, Name, "charts/base", args...)
}

func (h *Client) upgrade(ctx context.Context, name, chart string, args ...string) error {
	if err := h.recover(ctx, name); err != nil {
		return err
	}
	_, err := h.Run(ctx, append([]string{"upgrade", "--install", name, repo.Path(chart), "--namespace", Namespace, "--create-namespace",
		"--reset-then-reuse-values", "--wait", "--timeout", timeout}, args...)...)
	return err
}

// recover rolls back an operation that was interrupted: until then helm rejects every other one.
func (h *Client) recover(ctx context.Context, name string) error {
	output, err := h.Run(ctx, "list", "--namespace", Namespace, "--all", "--output", "json", "--filter", "^"+name+"$")
	if err != nil {
		return err
	}
	var found []struct{ Status string }
	if err := json.Unmarshal([]byte(output), &found); err != nil {
		return fmt.Errorf("reading the releases: %w", err)
	}
	for _, release := range found {
		switch {
		case release.Status == "pending-install" || release.Status == "uninstalling":
			_, err = h.Run(ctx, "uninstall", name, "--namespace", Namespace, "--wait", "--timeout", timeout)
		case strings.HasPrefix(release.Status, "pending-"):
			_, err = h.Run(ctx, "rollback", name, "--namespace", Namespace, "--wait", "--timeout", timeout)
		}
	}
	return err
}
