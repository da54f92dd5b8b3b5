package kube

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DeleteNamespace deletes a namespace and waits until it is gone, with all that was in it. A
// namespace that does not exist is no error.
func (c *Client) DeleteNamespace(ctx context.Context, name string) error {
	if err := c.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	return Eventually(ctx, "the namespace "+name+" to be gone", func(ctx context.Context) error {
		_, err := c.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err != nil:
			return err
		}
		return errors.New("it is still there")
	})
}
