package workloadmanager

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/volcano-sh/agentcube/pkg/common/types"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"k8s.io/klog/v2"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/e2e/controlplane/internal/wire"
)

const (
	launchTimeout  = 2 * time.Minute  // from the request to a sandbox that accepts
	removeTimeout  = 30 * time.Second // for cleaning up after a failed launch
	acceptInterval = 100 * time.Millisecond
)

// launch makes a sandbox with a session of its own and returns when it accepts
// connections. A launch that fails leaves neither sandbox nor session behind.
func (s *Server) launch(ctx context.Context, request types.CreateSandboxRequest) (_ *wire.Created, err error) {
	workload, err := s.workload(ctx, request)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, launchTimeout)
	defer cancel()

	sandbox := workload.sandbox(string(uuid.NewUUID()), time.Now())
	info := &types.SandboxInfo{
		Kind:             types.SandboxKind,
		Name:             sandbox.Name,
		SandboxNamespace: sandbox.Namespace,
		SessionID:        sandbox.Labels[sessionLabel],
		ExpiresAt:        sandbox.Spec.ShutdownTime.Time,
		Status:           "creating",
	}
	// Ahead of the sandbox, so that the sweep finds it if we end here.
	if err := s.store.StoreSandbox(ctx, info); err != nil {
		return nil, fmt.Errorf("storing session: %w", err)
	}
	defer func() {
		if err == nil {
			return
		}
		// The caller may be gone, and its context with it.
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
		defer cancel()
		if removeErr := s.remove(cleanup, info); removeErr != nil {
			err = fmt.Errorf("%w; cleaning up: %w", err, removeErr)
		}
	}()

	if err := s.client.Create(ctx, sandbox); err != nil {
		return nil, fmt.Errorf("creating sandbox: %w", err)
	}
	if sandbox, err = s.awaitReady(ctx, sandbox); err != nil {
		return nil, err
	}
	for _, port := range workload.ports {
		endpoint := net.JoinHostPort(sandbox.Status.PodIPs[0], strconv.Itoa(int(port.Port)))
		if err := awaitAccept(ctx, endpoint); err != nil {
			return nil, err
		}
		info.EntryPoints = append(info.EntryPoints, types.SandboxEntryPoint{
			Path: port.PathPrefix, Protocol: string(port.Protocol), Endpoint: endpoint,
		})
	}
	info.SandboxID, info.CreatedAt, info.Status = string(sandbox.UID), sandbox.CreationTimestamp.Time, "running"
	if err := s.store.UpdateSandbox(ctx, info); err != nil {
		return nil, fmt.Errorf("storing session: %w", err)
	}
	klog.Infof("Sandbox %s/%s runs %s %s (session %s)", info.SandboxNamespace, info.Name, request.Kind, request.Name, info.SessionID)
	return &wire.Created{Kind: info.Kind, CreateSandboxResponse: types.CreateSandboxResponse{
		SessionID:   info.SessionID,
		SandboxID:   info.SandboxID,
		SandboxName: info.Name,
		EntryPoints: info.EntryPoints,
	}}, nil
}

// awaitReady watches the sandbox, from the moment that it was created, until it
// is ready and has an address. It fails at once where its pod ended.
func (s *Server) awaitReady(ctx context.Context, sandbox *sandboxv1alpha1.Sandbox) (*sandboxv1alpha1.Sandbox, error) {
	name := fields.OneTermEqualSelector("metadata.name", sandbox.Name)
	watcher := &cache.ListWatch{WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
		return s.client.Watch(ctx, &sandboxv1alpha1.SandboxList{}, &client.ListOptions{
			Namespace: sandbox.Namespace, FieldSelector: name, Raw: &options,
		})
	}}
	event, err := watchtools.Until(ctx, sandbox.ResourceVersion, watcher, func(event watch.Event) (bool, error) {
		current, ok := event.Object.(*sandboxv1alpha1.Sandbox)
		switch {
		case !ok || current.Name != sandbox.Name:
			return false, nil
		case event.Type == watch.Deleted:
			return false, errors.New("it was deleted")
		case meta.IsStatusConditionTrue(current.Status.Conditions, string(sandboxv1alpha1.SandboxConditionFinished)):
			return false, errors.New("its pod ended")
		}
		ready := meta.IsStatusConditionTrue(current.Status.Conditions, string(sandboxv1alpha1.SandboxConditionReady))
		return ready && len(current.Status.PodIPs) > 0, nil
	})
	if err != nil {
		return nil, fmt.Errorf("waiting for sandbox %s/%s to be ready: %w", sandbox.Namespace, sandbox.Name, err)
	}
	return event.Object.(*sandboxv1alpha1.Sandbox), nil
}

// awaitAccept dials until something listens: a pod without a readiness probe is
// ready before its program is.
func awaitAccept(ctx context.Context, endpoint string) error {
	dialer := &net.Dialer{Timeout: time.Second}
	var last error
	err := wait.PollUntilContextCancel(ctx, acceptInterval, true, func(ctx context.Context) (bool, error) {
		conn, err := dialer.DialContext(ctx, "tcp", endpoint)
		if err != nil {
			last = err
			return false, nil
		}
		_ = conn.Close() // it was accepted, which is all
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for %s to accept connections: %w: %w", endpoint, err, last)
	}
	return nil
}

// remove deletes a sandbox, which may be gone already, and then its session.
func (s *Server) remove(ctx context.Context, info *types.SandboxInfo) error {
	sandbox := &sandboxv1alpha1.Sandbox{ObjectMeta: metav1.ObjectMeta{Namespace: info.SandboxNamespace, Name: info.Name}}
	if err := client.IgnoreNotFound(s.client.Delete(ctx, sandbox)); err != nil {
		return fmt.Errorf("deleting sandbox %s/%s: %w", info.SandboxNamespace, info.Name, err)
	}
	if err := s.store.DeleteSandboxBySessionID(ctx, info.SessionID); err != nil {
		return fmt.Errorf("deleting session %s: %w", info.SessionID, err)
	}
	return nil
}
