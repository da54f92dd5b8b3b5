// Package faults breaks what a release runs on, for real: processes, pods, volumes, files, nodes,
// the API server.
package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/kube"
)

// Target is where faults are injected: a namespace of a kind cluster, and the pods of one component
// in it.
type Target struct {
	*kube.Client
	Namespace string
	App       string // the pods' label app
}

// How a pod is deleted.
var (
	// AtOnce gives it no time to stop, as when its node fails.
	AtOnce = metav1.DeleteOptions{GracePeriodSeconds: new(int64)}
	// Drained gives it the time that it asks for, as when its node is drained.
	Drained = metav1.DeleteOptions{}
)

// DeletePods deletes all pods of the component, and returns once they have gone and others have
// taken their places.
func (t Target) DeletePods(ctx context.Context, how metav1.DeleteOptions) error {
	pods, err := t.pods(ctx)
	if err != nil {
		return err
	}
	return t.delete(ctx, pods, how)
}

// DeletePod deletes one pod of the component, leaves the others, and returns once it has gone and
// another has taken its place.
func (t Target) DeletePod(ctx context.Context, how metav1.DeleteOptions) error {
	pods, err := t.pods(ctx)
	if err != nil {
		return err
	}
	return t.delete(ctx, pods[:1], how)
}

func (t Target) delete(ctx context.Context, pods []corev1.Pod, how metav1.DeleteOptions) error {
	err := t.Replace(ctx, pods, how, func(ctx context.Context) ([]corev1.Pod, error) {
		all, err := t.CoreV1().Pods(t.Namespace).List(ctx, t.list())
		if err != nil {
			return nil, err
		}
		return all.Items, nil
	})
	if err != nil {
		return fmt.Errorf("deleting pods of %s: %w", t.App, err)
	}
	return nil
}

// Scale sets the number of replicas of the component's StatefulSet, which has the name of its
// label, and waits until no more run.
func (t Target) Scale(ctx context.Context, replicas int32) error {
	sets := t.AppsV1().StatefulSets(t.Namespace)
	scale, err := sets.GetScale(ctx, t.App, metav1.GetOptions{})
	if err != nil {
		return err
	}
	scale.Spec.Replicas = replicas
	if _, err := sets.UpdateScale(ctx, t.App, scale, metav1.UpdateOptions{}); err != nil {
		return err
	}
	return kube.Eventually(ctx, fmt.Sprintf("%s to have at most %d pods", t.App, replicas), func(ctx context.Context) error {
		pods, err := t.CoreV1().Pods(t.Namespace).List(ctx, t.list())
		if err == nil && len(pods.Items) > int(replicas) {
			err = fmt.Errorf("it has %d", len(pods.Items))
		}
		return err
	})
}

// LoseVolume deletes a claim of the component together with what is on its volume. Its pods must
// not run.
func (t Target) LoseVolume(ctx context.Context, claim string) error {
	claims := t.CoreV1().PersistentVolumeClaims(t.Namespace)
	if err := claims.Delete(ctx, claim, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return kube.Eventually(ctx, "the claim "+claim+" to be gone", func(ctx context.Context) error {
		_, err := claims.Get(ctx, claim, metav1.GetOptions{})
		switch {
		case err == nil:
			return errors.New("it is still there")
		case apierrors.IsNotFound(err):
			return nil
		}
		return err
	})
}

func (t Target) list() metav1.ListOptions { return metav1.ListOptions{LabelSelector: "app=" + t.App} }

// pods returns the pods of the component that are to stay; none is an error.
func (t Target) pods(ctx context.Context) ([]corev1.Pod, error) {
	list, err := t.CoreV1().Pods(t.Namespace).List(ctx, t.list())
	if err != nil {
		return nil, err
	}
	// A pod that is stopping, which takes a drained one a while, is no target any more.
	pods := slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil })
	if len(pods) == 0 {
		return nil, fmt.Errorf("no pod with the label app=%s in namespace %s", t.App, t.Namespace)
	}
	return pods, nil
}
