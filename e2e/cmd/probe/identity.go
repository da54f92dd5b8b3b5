package main

import (
	"context"

	"github.com/spiffe/go-spiffe/v2/workloadapi"

	"agentcube-mtls/e2e/record"
)

// issued asks the Workload API, once, who this pod is.
func issued(ctx context.Context, socket string) record.Identity {
	svid, err := workloadapi.FetchX509SVID(ctx, workloadapi.WithAddr(socket))
	if err != nil {
		return record.Identity{Refusal: err.Error()}
	}
	return record.Identity{ID: svid.ID.String()}
}
