package e2e

import (
	"context"
	"fmt"
	"testing"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/verify"
)

func target(r verify.Release, app string) faults.Target {
	return faults.Target{Client: r.Client, Namespace: r.Namespace, App: app}
}

// TestFaultsOfSinglePartsCostNoInvocationThatTheyCanSpare breaks one part after the other of a release with two of each program.
func TestFaultsOfSinglePartsCostNoInvocationThatTheyCanSpare(t *testing.T) {
	ctx := start(t)
	r := install(t, "faults", map[string]string{
		"spire.enabled": "true", "router.replicas": "2", "workloadmanager.replicas": "2", "spire.server.ca.x509SvidDefaultTtl": "2m",
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
	renewed := func(ctx context.Context, account string, before int) error {
		return kube.Eventually(ctx, account+" to use a new certificate", func(context.Context) error {
			if now := len(load.Certificates(account)); now == before {
				return fmt.Errorf("it has used %d so far", now)
			}
			return nil
		})
	}
	endure(ctx, t, load, []fault{
		{"SPIRE server killed", func(ctx context.Context) error { return server.DeletePods(ctx, faults.AtOnce) }, everything},
		{"SPIRE agents killed", func(ctx context.Context) error { return agent.DeletePods(ctx, faults.AtOnce) }, everything},
		{"spiffe-helpers killed", func(ctx context.Context) error {
			return inBoth(func(t faults.Target) error { return t.KillContainer(ctx, "spiffe-helper") })
		}, everything},
		{"certificate files corrupted", func(ctx context.Context) error {
			return inBoth(func(t faults.Target) error {
				before := len(load.Certificates(t.App))
				if err := t.Overwrite(ctx, "certificates", "svid.pem", "no certificate"); err != nil {
					return err
				}
				return renewed(ctx, t.App, before)
			})
		}, everything},
		{"a Router drained", func(ctx context.Context) error { return router.DeletePod(ctx, faults.Drained) }, everything},
		{"a WorkloadManager drained", func(ctx context.Context) error { return manager.DeletePod(ctx, faults.Drained) }, everything},
		{"a Router killed", func(ctx context.Context) error { return router.DeletePod(ctx, faults.AtOnce) }, nothing},
		{"a WorkloadManager killed", func(ctx context.Context) error { return manager.DeletePod(ctx, faults.AtOnce) }, sessions},
		{"Redis killed", func(ctx context.Context) error { return redis.KillContainer(ctx, "redis") }, calls},
	})
}
