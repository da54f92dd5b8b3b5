package e2e

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
)

var trustBundle = suite.Scenario{
	Name:        "trust-bundle",
	Description: "The ConfigMap with the trust bundle is restored after it is emptied, deleted or replaced, as helm upgrade --force and kubectl replace do.",
	Values:      map[string]string{"spire.enabled": "true"},
	Run: func(ctx context.Context, t *testing.T, r release.Release) {
		configMaps := r.CoreV1().ConfigMaps(r.Namespace)
		for name, lose := range map[string]func() error{
			"emptied": func() error {
				_, err := configMaps.Patch(ctx, "spire-bundle", types.MergePatchType, []byte(`{"data":null}`), metav1.PatchOptions{})
				return err
			},
			"deleted": func() error { return configMaps.Delete(ctx, "spire-bundle", metav1.DeleteOptions{}) },
			"replaced": func() error {
				_, err := suite.Env.Helm.Run(ctx, "upgrade", r.Name, suite.Chart, "--namespace", r.Namespace, "--reuse-values", "--force")
				return err
			},
		} {
			bundle, err := configMaps.Get(ctx, "spire-bundle", metav1.GetOptions{})
			require.NoError(t, err)
			require.NoError(t, lose(), name)
			suite.Eventually(ctx, t, "the trust bundle to come back after it was "+name, func(ctx context.Context) error {
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
		suite.Settle(ctx, t, r)
	},
}
