// Package testrun runs tests on a cluster. It is separate from package environment, so that the
// programs that use that one do not link package testing.
package testrun

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"agentcube-mtls/e2e/environment"
	"agentcube-mtls/e2e/platform/cluster"
	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/internal/command"
)

// Main is the body of a TestMain: it brings a cluster up, prepares it, runs the tests and removes
// the cluster again, which KEEP=1 leaves for the next run. The name of the cluster is that of `make
// up` with a suffix, so that tests never use a user's cluster. It returns the code to exit with.
func Main(m *testing.M, suffix string, nodes int, prepare func(context.Context, *progress.Log, *cluster.Cluster) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := progress.To(os.Stdout)
	keep := os.Getenv("KEEP") != ""
	name := environment.Name() + suffix
	c, err := environment.Cluster(ctx, log, name, nodes)
	if !keep && (err == nil || ctx.Err() != nil) {
		defer func() {
			_ = log.Step("removing the kind cluster", func() error {
				ctx := context.WithoutCancel(ctx)
				return errors.Join(removeContainers(ctx, name), cluster.New(name, nodes).Delete(ctx))
			})
		}()
	}
	if err == nil {
		err = prepare(ctx, log, c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	ended := make(chan int)
	go func() { ended <- m.Run() }()
	select {
	case code := <-ended:
		if keep {
			_ = log.Step("keeping the kind cluster "+c.Name, c.MarkSound)
		}
		return code
	case <-ctx.Done():
		stop() // a second interrupt does not wait for the cluster's removal
		fmt.Fprintln(os.Stderr, "error: interrupted")
		return 1
	}
}

// Label is the label of containers that tests run beside the nodes of a cluster. A test removes its
// own containers; those of an interrupted test are removed with the cluster. The name of the
// cluster keeps those of another run, because two may be up at the same time.
func Label(cluster string) string { return "agentcube-mtls.beside=" + cluster }

func removeContainers(ctx context.Context, cluster string) error {
	ids, err := command.New("docker", "ps", "--all", "--quiet", "--filter", "label="+Label(cluster)).Output(ctx)
	if err != nil || ids == "" {
		return err
	}
	return command.New(append([]string{"docker", "rm", "--force", "--volumes"}, strings.Fields(ids)...)...).Run(ctx)
}
