package workloadmanager

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	"github.com/volcano-sh/agentcube/pkg/common/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	extensionsv1alpha1 "sigs.k8s.io/agent-sandbox/extensions/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/e2e/controlplane/internal/wire"
)

const (
	launchTimeout  = 2 * time.Minute  // from the request to a sandbox that accepts
	acceptTimeout  = 15 * time.Second // of that, from a sandbox that is ready
	acceptInterval = time.Second      // between two looks whether it accepts, and the limit of each
	removeTimeout  = 30 * time.Second // for cleaning up after a failed launch
)

// launch makes a sandbox with a session of its own and returns when it accepts connections. A launch
// that fails leaves neither sandbox nor session behind.
func (s *Server) launch(ctx context.Context, request types.CreateSandboxRequest, owner string) (_ *wire.Created, err error) {
	workload, err := s.workload(ctx, request)
	if err != nil {
		return nil, err
	}
	cluster, err := s.onBehalf(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, launchTimeout)
	defer cancel()

	now := time.Now()
	object := workload.object(string(uuid.NewUUID()), now)
	info := placeholder(object, now.Add(workload.life))
	if owner != "" {
		if err := s.owners.Set(ctx, info.SessionID, owner, info.ExpiresAt); err != nil {
			return nil, err
		}
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
		if removeErr := s.remove(cleanup, cluster, info); removeErr != nil {
			err = fmt.Errorf("%w; cleaning up: %w", err, removeErr)
		}
	}()

	if err := cluster.Create(ctx, object); err != nil {
		return nil, fmt.Errorf("creating sandbox: %w", err)
	}
	object, address, err := s.awaitReady(ctx, object)
	if err != nil {
		return nil, err
	}
	if info.EntryPoints, err = awaitPorts(ctx, address, workload.ports); err != nil {
		return nil, err
	}
	info.SandboxID, info.CreatedAt, info.Status = string(object.GetUID()), object.GetCreationTimestamp().Time, "running"
	if err := s.store.UpdateSandbox(ctx, info); err != nil {
		return nil, fmt.Errorf("storing session: %w", err)
	}
	klog.Infof("%s %s/%s runs %s %s (session %s)", info.Kind, info.SandboxNamespace, info.Name, request.Kind, request.Name, info.SessionID)
	return &wire.Created{Kind: info.Kind, CreateSandboxResponse: types.CreateSandboxResponse{
		SessionID:   info.SessionID,
		SandboxID:   info.SandboxID,
		SandboxName: info.Name,
		EntryPoints: info.EntryPoints,
	}}, nil
}

// placeholder is what the store holds of a sandbox that is being made.
func placeholder(object client.Object, expires time.Time) *types.SandboxInfo {
	kind := types.SandboxKind
	if _, claim := object.(*extensionsv1alpha1.SandboxClaim); claim {
		kind = types.SandboxClaimsKind
	}
	return &types.SandboxInfo{
		Kind:             kind,
		Name:             object.GetName(),
		SandboxNamespace: object.GetNamespace(),
		SessionID:        object.GetLabels()[sessionLabel],
		ExpiresAt:        expires,
		Status:           "creating",
	}
}

// awaitPorts waits until all ports accept connections, no longer than AgentCube v0.1.0 does, and
// returns where they are.
func awaitPorts(ctx context.Context, address string, ports []runtimev1alpha1.TargetPort) ([]types.SandboxEntryPoint, error) {
	ctx, cancel := context.WithTimeout(ctx, acceptTimeout)
	defer cancel()
	var points []types.SandboxEntryPoint
	for _, port := range ports {
		endpoint := net.JoinHostPort(address, strconv.Itoa(int(port.Port)))
		if err := awaitAccept(ctx, endpoint); err != nil {
			return nil, err
		}
		points = append(points, types.SandboxEntryPoint{Path: port.PathPrefix, Protocol: string(port.Protocol), Endpoint: endpoint})
	}
	return points, nil
}

// awaitAccept dials until something listens: a pod without a readiness probe is
// ready before its program is.
func awaitAccept(ctx context.Context, endpoint string) error {
	dialer := &net.Dialer{Timeout: acceptInterval}
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

// remove deletes a sandbox or claim, which may be gone already, and then its session.
func (s *Server) remove(ctx context.Context, cluster client.Client, info *types.SandboxInfo) error {
	name := metav1.ObjectMeta{Namespace: info.SandboxNamespace, Name: info.Name}
	var object client.Object = &sandboxv1alpha1.Sandbox{ObjectMeta: name}
	if info.Kind == types.SandboxClaimsKind {
		object = &extensionsv1alpha1.SandboxClaim{ObjectMeta: name}
	}
	if err := client.IgnoreNotFound(cluster.Delete(ctx, object)); err != nil {
		return fmt.Errorf("deleting %s %s/%s: %w", info.Kind, info.SandboxNamespace, info.Name, err)
	}
	if err := s.store.DeleteSandboxBySessionID(ctx, info.SessionID); err != nil {
		return fmt.Errorf("deleting session %s: %w", info.SessionID, err)
	}
	return nil
}
