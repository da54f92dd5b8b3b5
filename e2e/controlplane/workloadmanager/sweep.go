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
	sweepLook     = 10_000 // sessions looked at in one sweep
	sweepLimit    = 16     // expired ones, and idle ones, deleted in one sweep
)

// Sweep deletes expired and idle sessions every now and then until ctx is done, for the first time
// after one interval.
func (s *Server) Sweep(ctx context.Context) {
	_ = wait.PollUntilContextCancel(ctx, sweepInterval, false, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
		defer cancel()
		if err := s.sweep(ctx, time.Now()); err != nil {
			klog.Errorf("Sweeping sessions: %v", err)
		}
		return false, nil
	})
}

// sweep deletes the sessions that, at this time, have lasted as long as they may or have been silent
// for too long. What is more than the limit has to wait for the next sweep.
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
	for _, info := range append(expired, idle[:min(len(idle), sweepLimit)]...) {
		klog.Infof("Deleting %s %s/%s: session %s expired or idle", info.Kind, info.SandboxNamespace, info.Name, info.SessionID)
		errs = append(errs, s.remove(ctx, s.cluster, info))
	}
	return utilerrors.NewAggregate(errs)
}

// idle lists the sessions that have been silent for 15 minutes, whatever their runtime says, and
// those that have been silent for the shorter time of their own. How long that is stands on the
// Sandbox, while the store only answers who has been silent since when; so it is asked once for each
// timeout in use.
func (s *Server) idle(ctx context.Context, now time.Time) ([]*types.SandboxInfo, error) {
	var sandboxes sandboxv1alpha1.SandboxList
	if err := s.cluster.List(ctx, &sandboxes, client.MatchingLabels{managedByLabel: managedBy}); err != nil {
		return nil, fmt.Errorf("listing sandboxes: %w", err)
	}
	own := map[string]time.Duration{} // by session, where it is shorter
	inUse := map[time.Duration]bool{defaultIdle: true}
	for _, sandbox := range sandboxes.Items {
		if timeout, err := time.ParseDuration(sandbox.Annotations[idleAnnotation]); err == nil && timeout < defaultIdle {
			own[sandbox.Labels[sessionLabel]], inUse[timeout] = timeout, true
		}
	}
	var idle []*types.SandboxInfo
	for timeout := range inUse {
		silent, err := s.store.ListInactiveSandboxes(ctx, now.Add(-timeout), sweepLook)
		if err != nil {
			return nil, fmt.Errorf("listing idle sessions: %w", err)
		}
		for _, info := range silent {
			if shorter, known := own[info.SessionID]; known && shorter == timeout || !known && timeout == defaultIdle {
				idle = append(idle, info)
			}
		}
	}
	return idle, nil
}
