package workloadmanager

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/volcano-sh/agentcube/pkg/api"
	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	extensionsv1alpha1 "sigs.k8s.io/agent-sandbox/extensions/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// identityRetry is how long after a look for the Router's key the next one comes.
const identityRetry = 5 * time.Second

// SetUpWarmPools has the manager keep, for each CodeInterpreter, the warm pool that it asks for.
func (s *Server) SetUpWarmPools(controllers manager.Manager) error {
	err := builder.ControllerManagedBy(controllers).
		For(&runtimev1alpha1.CodeInterpreter{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		// Names are for metrics, which nobody serves; tests have many controllers in one process.
		WithOptions(controller.Options{SkipNameValidation: new(true)}).
		Complete(reconcile.Func(s.reconcile))
	if err != nil {
		return fmt.Errorf("making the controller of warm pools: %w", err)
	}
	return nil
}

// reconcile makes or removes the warm pool of one CodeInterpreter, and says that it is ready.
func (s *Server) reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var interpreter runtimev1alpha1.CodeInterpreter
	if err := s.cluster.Runtimes.Get(ctx, request.NamespacedName, &interpreter); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	err := s.keepWarm(ctx, &interpreter)
	if errors.Is(err, api.ErrPublicKeyMissing) {
		return reconcile.Result{RequeueAfter: identityRetry}, nil
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	return reconcile.Result{}, s.markReady(ctx, &interpreter)
}

// warm reports whether a CodeInterpreter has a warm pool.
func warm(interpreter *runtimev1alpha1.CodeInterpreter) bool {
	return interpreter.Spec.WarmPoolSize != nil && *interpreter.Spec.WarmPoolSize > 0
}

// keepWarm makes template and pool what the CodeInterpreter says, or deletes them.
func (s *Server) keepWarm(ctx context.Context, interpreter *runtimev1alpha1.CodeInterpreter) error {
	name := metav1.ObjectMeta{Namespace: interpreter.Namespace, Name: interpreter.Name}
	template := &extensionsv1alpha1.SandboxTemplate{ObjectMeta: name}
	pool := &extensionsv1alpha1.SandboxWarmPool{ObjectMeta: name}
	if !warm(interpreter) {
		for _, object := range []client.Object{pool, template} {
			if err := client.IgnoreNotFound(s.cluster.Delete(ctx, object)); err != nil {
				return fmt.Errorf("deleting %T %s/%s: %w", object, name.Namespace, name.Name, err)
			}
		}
		return nil
	}
	w, err := s.interpreter(interpreter)
	if err != nil {
		return err
	}
	err = s.keep(ctx, interpreter, template, func() { template.Spec.PodTemplate = sandboxv1alpha1.PodTemplate{Spec: w.pod} })
	if err != nil {
		return err
	}
	return s.keep(ctx, interpreter, pool, func() {
		pool.Spec.Replicas = *interpreter.Spec.WarmPoolSize
		pool.Spec.TemplateRef.Name = template.Name
	})
}

// keep creates an object that goes with its CodeInterpreter, or changes what differs.
func (s *Server) keep(ctx context.Context, owner *runtimev1alpha1.CodeInterpreter, object client.Object, set func()) error {
	_, err := controllerutil.CreateOrUpdate(ctx, s.cluster, object, func() error {
		set()
		return controllerutil.SetControllerReference(owner, object, s.cluster.Scheme())
	})
	if err != nil {
		return fmt.Errorf("keeping %T %s/%s: %w", object, object.GetNamespace(), object.GetName(), err)
	}
	return nil
}

// markReady sets the status of a CodeInterpreter, once for each generation.
func (s *Server) markReady(ctx context.Context, interpreter *runtimev1alpha1.CodeInterpreter) error {
	changed := meta.SetStatusCondition(&interpreter.Status.Conditions, metav1.Condition{
		Type: "Ready", Status: metav1.ConditionTrue, Reason: "Reconciled",
		Message: "CodeInterpreter is ready", ObservedGeneration: interpreter.Generation,
	})
	if interpreter.Status.Ready && !changed {
		return nil
	}
	interpreter.Status.Ready = true
	if err := s.cluster.Status().Update(ctx, interpreter); err != nil {
		return fmt.Errorf("updating the status of CodeInterpreter %s/%s: %w", interpreter.Namespace, interpreter.Name, err)
	}
	return nil
}
