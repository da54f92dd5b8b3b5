package workloadmanager

import (
	"context"
	"fmt"
	"time"

	"github.com/volcano-sh/agentcube/pkg/common/types"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	sweepInterval = 15 * time.Second
	sweepTimeout  = 2 * time.Minute
	sweepLimit    = 10_000 // sessions looked at in one go
)

// Sweep deletes expired and idle sessions every now and then until ctx is done.
func (s *Server) Sweep(ctx context.Context) {
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
		defer cancel()
		if err := s.sweep(ctx, time.Now()); err != nil {
			klog.Errorf("Sweeping sessions: %v", err)
		}
	}, sweepInterval)
}

// sweep deletes the sessions that, at this time, have lasted as long as they
// may or have been silent longer than their own runtime allows.
func (s *Server) sweep(ctx context.Context, now time.Time) error {
	expired, err := s.store.ListExpiredSandboxes(ctx, now, sweepLimit)
	if err != nil {
		return fmt.Errorf("listing expired sessions: %w", err)
	}
	idle, err := s.idle(ctx, now)
	if err != nil {
		return err
	}
	var errs []error
	for _, info := range append(expired, idle...) {
		klog.Infof("Deleting sandbox %s/%s: session %s expired or idle", info.SandboxNamespace, info.Name, info.SessionID)
		errs = append(errs, s.remove(ctx, info))
	}
	return utilerrors.NewAggregate(errs)
}

// idle lists the sessions that have been silent too long. How long that is
// stands on the Sandbox, while the store only answers who has been silent since
// when; so it is asked once for each timeout in use.
func (s *Server) idle(ctx context.Context, now time.Time) ([]*types.SandboxInfo, error) {
	var sandboxes sandboxv1alpha1.SandboxList
	if err := s.client.List(ctx, &sandboxes, client.MatchingLabels{managedByLabel: managedBy}); err != nil {
		return nil, fmt.Errorf("listing sandboxes: %w", err)
	}
	timeouts := map[string]time.Duration{} // by session
	inUse := map[time.Duration]bool{defaultIdle: true}
	for _, sandbox := range sandboxes.Items {
		timeout, err := time.ParseDuration(sandbox.Annotations[idleAnnotation])
		if err != nil {
			timeout = defaultIdle
		}
		timeouts[sandbox.Labels[sessionLabel]] = timeout
		inUse[timeout] = true
	}
	var idle []*types.SandboxInfo
	for timeout := range inUse {
		silent, err := s.store.ListInactiveSandboxes(ctx, now.Add(-timeout), sweepLimit)
		if err != nil {
			return nil, fmt.Errorf("listing idle sessions: %w", err)
		}
		for _, info := range silent {
			// A session whose sandbox is gone has the default.
			if own, known := timeouts[info.SessionID]; own == timeout || !known && timeout == defaultIdle {
				idle = append(idle, info)
			}
		}
	}
	return idle, nil
}
