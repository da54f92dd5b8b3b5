package e2e

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestTrustBundleComesBack empties and deletes the ConfigMap with the trust bundle, as helm upgrade
// --force and kubectl replace do. Without it no agent that starts would get ready until the server
// restarts or its CA changes.
func TestTrustBundleComesBack(t *testing.T) {
	ctx := start(t)
	r := install(t, "bundle", map[string]string{"spire.enabled": "true"})
	configMaps := r.CoreV1().ConfigMaps(r.Namespace)
	for name, lose := range map[string]func() error{
		"emptied": func() error {
			_, err := configMaps.Patch(ctx, "spire-bundle", types.MergePatchType, []byte(`{"data":null}`), metav1.PatchOptions{})
			return err
		},
		"deleted": func() error { return configMaps.Delete(ctx, "spire-bundle", metav1.DeleteOptions{}) },
		"replaced": func() error {
			_, err := suite.helm.Run(ctx, "upgrade", r.Name, chart, "--namespace", r.Namespace, "--reuse-values", "--force")
			return err
		},
	} {
		bundle, err := configMaps.Get(ctx, "spire-bundle", metav1.GetOptions{})
		require.NoError(t, err)
		require.NoError(t, lose(), name)
		eventually(ctx, t, "the trust bundle to come back after it was "+name, func(ctx context.Context) error {
			found, err := configMaps.Get(ctx, "spire-bundle", metav1.GetOptions{})
			if err == nil && found.Data["bundle.crt"] != bundle.Data["bundle.crt"] {
				err = errors.New("the ConfigMap spire-bundle has another bundle, or none")
			}
			if err == nil && found.ResourceVersion == bundle.ResourceVersion {
				err = errors.New("the ConfigMap spire-bundle was not touched")
			}
			return err
		})
	}
	settle(ctx, t, r)
}
