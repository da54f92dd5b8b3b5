package environment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"agentcube-mtls/e2e/helm"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/cluster"
	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/traffic"
	"agentcube-mtls/internal/repo"
)

// Watch puts the release of Up under load and says how many requests fail, until the context ends.
// Then it writes the timeline as JSON and SVG.
func Watch(ctx context.Context, log *progress.Log, name string) error {
	kubeconfig, err := cluster.New(name, 1).Kubeconfig()
	if err != nil {
		return err
	}
	client, err := kube.Connect(kubeconfig)
	if err != nil {
		return fmt.Errorf("there is no cluster %q: run `make up` first: %w", name, err)
	}
	var recording *traffic.Recorder
	err = log.Step("putting the release under load", func() (err error) {
		recording, err = traffic.Start(ctx, release.Release{Client: client, Namespace: helm.Namespace, Name: helm.Name}, "AgentCube under load", Mix())
		return err
	})
	if err != nil {
		return err
	}
	log.Printf("Change, upgrade or break the release in another terminal. Ctrl-C ends the load and draws what happened.")
	for tick := time.NewTicker(5 * time.Second); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
		case <-tick.C:
			report(log, recording)
		}
	}
	recorded, stopping := recording.Stop(context.WithoutCancel(ctx))
	picture, err := recorded.Write(repo.Path("artifacts", "timelines"), "watch-"+time.Now().UTC().Format("20060102T150405"))
	if err != nil {
		return errors.Join(stopping, err)
	}
	log.Printf("\n✓ %d of %d invocations failed, %d containers were restarted\nNext: open %s in a browser", len(recorded.Failed()), len(recorded.Requests), len(recorded.Restarts), picture)
	return stopping
}

// report says how many invocations failed so far.
func report(log *progress.Log, recording *traffic.Recorder) {
	requests, failed, last := recording.Requests(), 0, ""
	for _, request := range requests {
		if request.Failure != "" {
			failed++
			last = ", the last one with: " + request.Failure
		}
	}
	log.Printf("  %d of %d invocations failed%s", failed, len(requests), last)
}
