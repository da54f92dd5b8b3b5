package workloadmanager

import (
	"context"
	"errors"
	"fmt"
	"time"

	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	extensionsv1alpha1 "sigs.k8s.io/agent-sandbox/extensions/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// Cluster is what the WorkloadManager works with.
type Cluster struct {
	client.WithWatch               // asks the API server each time, with the WorkloadManager's own token
	Runtimes         client.Reader // AgentRuntimes and CodeInterpreters, from informers

	// As returns a client that creates and deletes with another token.
	As func(token string) (client.Client, error)
}

// Scheme knows the types that the WorkloadManager works with.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	add := runtime.NewSchemeBuilder(clientgoscheme.AddToScheme, runtimev1alpha1.AddToScheme, sandboxv1alpha1.AddToScheme, extensionsv1alpha1.AddToScheme)
	if err := add.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("registering API types: %w", err)
	}
	return scheme, nil
}

// Connect returns a cluster, and the manager of its informers and controllers, which is not started.
func Connect(ctx context.Context, config *rest.Config) (*Cluster, manager.Manager, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = 50, 100 // AgentCube's own
	scheme, err := Scheme()
	if err != nil {
		return nil, nil, err
	}
	controllers, err := manager.New(config, manager.Options{
		Scheme:         scheme,
		MapperProvider: mapper,
		Metrics:        metricsserver.Options{BindAddress: "0"}, // none
		Logger:         klog.Background(),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("making the manager of informers: %w", err)
	}
	// What is asked for before the start is waited for after it. AgentCube's program finds sandboxes
	// by their pods: it does not start where it may not list them.
	for _, object := range []client.Object{&runtimev1alpha1.AgentRuntime{}, &runtimev1alpha1.CodeInterpreter{}, &corev1.Pod{}} {
		if _, err := controllers.GetCache().GetInformer(ctx, object); err != nil {
			return nil, nil, fmt.Errorf("making an informer of %T: %w", object, err)
		}
	}
	own, err := client.NewWithWatch(config, client.Options{Scheme: scheme, Mapper: controllers.GetRESTMapper()})
	if err != nil {
		return nil, nil, fmt.Errorf("making Kubernetes client: %w", err)
	}
	as := func(token string) (client.Client, error) {
		config := rest.CopyConfig(config)
		config.BearerToken, config.BearerTokenFile = token, ""
		return client.New(config, client.Options{Scheme: scheme, Mapper: own.RESTMapper()})
	}
	return &Cluster{WithWatch: own, Runtimes: controllers.GetCache(), As: as}, controllers, nil
}

// InformerWait is how long the WorkloadManager waits at start-up for its informers.
const InformerWait = time.Minute

// informers is a cache that can be waited for.
type informers interface {
	WaitForCacheSync(ctx context.Context) bool
}

// Synced waits until the informers know all that there is, at most for the given time.
func Synced(ctx context.Context, informers informers, patience time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if !informers.WaitForCacheSync(limited) {
		return errors.Join(fmt.Errorf("informers are not synced after %s", patience), ctx.Err())
	}
	return nil
}
