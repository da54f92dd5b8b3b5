// Package sessions opens what Router and WorkloadManager share: AgentCube's own session store, and
// beside it the owners of sessions, whom the store of its released module does not know.
package sessions

import (
	"context"
	"fmt"

	"github.com/volcano-sh/agentcube/pkg/store"
	"k8s.io/klog/v2"
)

// Open returns the store that the environment names, and asks it whether it is there. Where the
// environment contradicts itself or a password is missing, the process ends.
func Open(ctx context.Context) (store.Store, error) {
	sessions := store.Storage()
	return sessions, Ping(ctx, sessions)
}

// Ping asks a store once whether it is there, without a retry, as AgentCube does.
func Ping(ctx context.Context, sessions store.Store) error {
	if err := sessions.Ping(ctx); err != nil {
		return fmt.Errorf("pinging the session store: %w", err)
	}
	klog.Info("kv store Ping check successfully")
	return nil
}
