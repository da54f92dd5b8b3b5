package workloadmanager

import (
	"context"
	"fmt"
	"time"

	"github.com/volcano-sh/agentcube/pkg/api"
	"github.com/volcano-sh/agentcube/pkg/router"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// keyBackoff is how long after each look for the Router's key the next one comes.
var keyBackoff = wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Steps: 10, Cap: 10 * time.Second}

// awaitRouterKey reads the Router's public key as soon as there is one. It is kept from then on, as by
// AgentCube v0.1.0: should the Router make another one, this program has to start again.
func (s *Server) awaitRouterKey(ctx context.Context) error {
	return keyBackoff.DelayFunc().Until(ctx, true, true, func(ctx context.Context) (bool, error) {
		pem, err := s.readRouterKey(ctx)
		if err != nil {
			klog.V(2).Infof("Waiting for the Router's key: %v", err)
			return false, nil
		}
		s.routerKey.Store(&pem)
		return true, nil
	})
}

func (s *Server) readRouterKey(ctx context.Context) (string, error) {
	var secret corev1.Secret
	key := client.ObjectKey{Namespace: s.config.Namespace, Name: router.IdentitySecretName}
	if err := s.cluster.Get(ctx, key, &secret); err != nil {
		return "", fmt.Errorf("reading Secret %s: %w", key, err)
	}
	pem := secret.Data[router.PublicKeyDataKey]
	if len(pem) == 0 {
		return "", fmt.Errorf("secret %s has no %s", key, router.PublicKeyDataKey)
	}
	return string(pem), nil
}

// knownRouterKey returns the PEM key that PicoD verifies the Router by, or api.ErrPublicKeyMissing. It
// goes into sandboxes as text: they may be in a namespace that cannot refer to the Secret.
func (s *Server) knownRouterKey() (string, error) {
	pem := s.routerKey.Load()
	if pem == nil {
		return "", api.ErrPublicKeyMissing
	}
	return *pem, nil
}
