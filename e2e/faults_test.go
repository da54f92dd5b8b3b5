package e2e

import (
	"context"
	"testing"
	"time"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/traffic"
)

func target(r release.Release, app string) faults.Target {
	return faults.Target{Client: r.Client, Namespace: r.Namespace, App: app}
}

// TestFaultsOfSinglePartsCostNoInvocationThatTheyCanSpare breaks one part after the other of a release with two of each program.
func TestFaultsOfSinglePartsCostNoInvocationThatTheyCanSpare(t *testing.T) {
	ctx := startLong(t)
	r := install(t, "faults", map[string]string{
		"spire.enabled": "true", "router.replicas": "2", "workloadmanager.replicas": "2", "spire.server.ca.x509SvidDefaultTtl": "2m",
		"workloadmanager.drainSeconds": drainSeconds,
	})
	server, agent := target(r, "spire-server"), target(r, "spire-agent")
	router, manager, redis := target(r, "agentcube-router"), target(r, "workloadmanager"), target(r, "agentcube-redis")
	inBoth := func(inject func(faults.Target) error) error {
		if err := inject(router); err != nil {
			return err
		}
		return inject(manager)
	}
	load := underLoad(ctx, t, r)
	endure(ctx, t, load, []fault{
		{"SPIRE server killed", func(ctx context.Context) error { return server.DeletePods(ctx, faults.AtOnce) }, everything},
		{"SPIRE agents killed", func(ctx context.Context) error { return agent.DeletePods(ctx, faults.AtOnce) }, everything},
		{"spiffe-helpers killed", func(ctx context.Context) error {
			return inBoth(func(t faults.Target) error { return t.KillContainer(ctx, "spiffe-helper") })
		}, everything},
		{"certificate files corrupted", func(ctx context.Context) error {
			return inBoth(func(t faults.Target) error {
				began := time.Now()
				for _, file := range []string{"svid.pem", "svid_key.pem", "svid_bundle.pem"} {
					if err := t.Overwrite(ctx, "certificates", file, "rubbish"); err != nil {
						return err
					}
				}
				return kube.Eventually(ctx, t.App+" to keep its certificates until new ones come", func(ctx context.Context) error {
					return r.LoggedByEach(ctx, t.App, began, "Keeping the certificates in use, the new files are bad", "Rotated SVID")
				})
			})
		}, everything},
		{"a Router drained", func(ctx context.Context) error { return router.DeletePod(ctx, faults.Drained) }, everything},
		{"a WorkloadManager drained", func(ctx context.Context) error { return manager.DeletePod(ctx, faults.Drained) }, everything},
		{"a Router killed", func(ctx context.Context) error { return router.DeletePod(ctx, faults.AtOnce) }, traffic.Spared{Handshakes: true, Others: true}},
		{"a WorkloadManager killed", func(ctx context.Context) error { return manager.DeletePod(ctx, faults.AtOnce) }, traffic.Spared{Sessions: true, Others: true}},
		{"Redis killed", func(ctx context.Context) error { return redis.KillContainer(ctx, "redis") }, traffic.Spared{Calls: true, Handshakes: true}},
	})
}
