package e2e

import (
	"context"
	"testing"
	"time"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/e2e/traffic"
)

func target(r release.Release, app string) faults.Target {
	return faults.Target{Client: r.Client, Namespace: r.Namespace, App: app}
}

var singleFaults = suite.Scenario{
	Name:        "single-faults",
	Description: "Breaks one part after the other of a release with two Routers and two WorkloadManagers.",
	Slow:        true,
	Values: map[string]string{
		"spire.enabled": "true", "router.replicas": "2", "workloadmanager.replicas": "2", "spire.server.ca.x509SvidDefaultTtl": "2m",
		"workloadmanager.drainSeconds": suite.DrainSeconds,
	},
	Run: func(ctx context.Context, t *testing.T, r release.Release) {
		server, agent := target(r, "spire-server"), target(r, "spire-agent")
		router, manager, redis := target(r, "agentcube-router"), target(r, "workloadmanager"), target(r, "agentcube-redis")
		inBoth := func(inject func(faults.Target) error) error {
			if err := inject(router); err != nil {
				return err
			}
			return inject(manager)
		}
		load := suite.UnderLoad(ctx, t, r)
		suite.Endure(ctx, t, load, []suite.Fault{
			{Name: "SPIRE server killed", Inject: func(ctx context.Context) error { return server.DeletePods(ctx, faults.AtOnce) }, Spares: suite.Everything},
			{Name: "SPIRE agents killed", Inject: func(ctx context.Context) error { return agent.DeletePods(ctx, faults.AtOnce) }, Spares: suite.Everything},
			{Name: "spiffe-helpers killed", Inject: func(ctx context.Context) error {
				return inBoth(func(t faults.Target) error { return t.KillContainer(ctx, "spiffe-helper") })
			}, Spares: suite.Everything},
			{Name: "certificate files corrupted", Inject: func(ctx context.Context) error {
				return inBoth(func(t faults.Target) error {
					began := time.Now()
					for _, file := range []string{"svid.pem", "svid_key.pem", "svid_bundle.pem"} {
						if err := t.Overwrite(ctx, "certificates", file, "rubbish"); err != nil {
							return err
						}
					}
					overwritten := time.Now()
					return kube.Eventually(ctx, t.App+" to keep its certificates until new ones come", func(ctx context.Context) error {
						if images.IsOwn(t.App) {
							if err := r.LoggedByEach(ctx, t.App, t.App, began, "Keeping the certificates in use, the new files are bad"); err != nil {
								return err
							}
						}
						return r.LoggedByEach(ctx, t.App, "spiffe-helper", overwritten, "X.509 certificates updated")
					})
				})
			}, Spares: suite.Everything},
			{Name: "a Router drained", Inject: func(ctx context.Context) error { return router.DeletePod(ctx, faults.Drained) }, Spares: suite.Everything},
			{Name: "a WorkloadManager drained", Inject: func(ctx context.Context) error { return manager.DeletePod(ctx, faults.Drained) }, Spares: suite.Everything},
			{Name: "a Router killed", Inject: func(ctx context.Context) error { return router.DeletePod(ctx, faults.AtOnce) }, Spares: traffic.Spared{Handshakes: true, Others: true}},
			// Its connections end with its process, so the Routers notice at once. They do not
			// notice the loss of a node, see faults.Unnoticed.
			{Name: "a WorkloadManager killed", Inject: func(ctx context.Context) error { return manager.DeletePod(ctx, faults.AtOnce) }, Spares: traffic.Spared{Sessions: true, Others: true}},
			{Name: "Redis killed", Inject: func(ctx context.Context) error { return redis.KillContainer(ctx, "redis") }, Spares: traffic.Spared{Calls: true, Handshakes: true}},
		})
	},
}
