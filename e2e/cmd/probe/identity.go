package main

import (
	"context"

	"github.com/spiffe/go-spiffe/v2/workloadapi"

	"agentcube-mtls/e2e/observed"
)

// issued asks the Workload API, once, who this pod is.
func issued(ctx context.Context, socket string) observed.Identity {
	svid, err := workloadapi.FetchX509SVID(ctx, workloadapi.WithAddr(socket))
	if err != nil {
		return observed.Identity{Refusal: err.Error()}
	}
	return observed.Identity{ID: svid.ID.String()}
}
