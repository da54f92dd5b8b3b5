package workloadmanager

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	extensionsv1alpha1 "sigs.k8s.io/agent-sandbox/extensions/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// awaitReady watches a Sandbox or SandboxClaim, from the moment that it was created, until it is
// ready and has an address. It fails at once where its pod ended.
func (s *Server) awaitReady(ctx context.Context, object client.Object) (_ client.Object, address string, _ error) {
	name := fields.OneTermEqualSelector("metadata.name", object.GetName())
	watcher := &cache.ListWatch{WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
		return s.cluster.Watch(ctx, listOf(object), &client.ListOptions{Namespace: object.GetNamespace(), FieldSelector: name, Raw: &options})
	}}
	event, err := watchtools.Until(ctx, object.GetResourceVersion(), watcher, func(event watch.Event) (bool, error) {
		current, ok := event.Object.(client.Object)
		if !ok || current.GetName() != object.GetName() {
			return false, nil
		}
		conditions, addresses := status(current)
		switch {
		case event.Type == watch.Deleted:
			return false, errors.New("it was deleted")
		case meta.IsStatusConditionTrue(conditions, string(sandboxv1alpha1.SandboxConditionFinished)):
			return false, errors.New("its pod ended")
		}
		return meta.IsStatusConditionTrue(conditions, string(sandboxv1alpha1.SandboxConditionReady)) && len(addresses) > 0, nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("waiting for sandbox %s/%s to be ready: %w", object.GetNamespace(), object.GetName(), err)
	}
	_, addresses := status(event.Object.(client.Object))
	return event.Object.(client.Object), addresses[0], nil
}

func listOf(object client.Object) client.ObjectList {
	if _, claim := object.(*extensionsv1alpha1.SandboxClaim); claim {
		return &extensionsv1alpha1.SandboxClaimList{}
	}
	return &sandboxv1alpha1.SandboxList{}
}

// status returns the conditions and the pod's addresses of a Sandbox, or of a claim on one.
func status(object client.Object) (conditions []metav1.Condition, addresses []string) {
	switch object := object.(type) {
	case *sandboxv1alpha1.Sandbox:
		return object.Status.Conditions, object.Status.PodIPs
	case *extensionsv1alpha1.SandboxClaim:
		return object.Status.Conditions, object.Status.SandboxStatus.PodIPs
	}
	return nil, nil
}
