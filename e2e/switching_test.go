package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
)

var switchOne = suite.Scenario{
	Name:        "switch-one",
	Description: "Mutual TLS is switched on and off by helm upgrade, with one Router and one WorkloadManager, which creates sandboxes with the Router's token, and with the drains that the chart has by default.",
	Slow:        true,
	Values: map[string]string{
		"router.replicas": "1", "workloadmanager.replicas": "1", "workloadmanager.enableAuth": "true",
		// Null instead of those that save time
		"router.drainSeconds": "null", "workloadmanager.drainSeconds": "null",
	},
	Run: switchOnAndOff,
}

var switchThree = suite.Scenario{
	Name:        "switch-three",
	Description: "Mutual TLS is switched on and off by helm upgrade, with three Routers and three WorkloadManagers.",
	Slow:        true,
	Values:      map[string]string{"router.replicas": "3", "workloadmanager.replicas": "3"},
	Run:         switchOnAndOff,
}

// switchOnAndOff turns mutual TLS on and off again by helm upgrades, while a client in the cluster
// invokes through the Router without a pause. All other settings stay, and of SPIRE only what the
// guide names.
func switchOnAndOff(ctx context.Context, t *testing.T, r release.Release) {
	t.Helper()
	before := settings(ctx, t, r)
	load := suite.UnderLoad(ctx, t, r)
	for _, enabled := range []string{"true", "false"} {
		load.Mark("spire.enabled=" + enabled)
		began := time.Now()
		suite.Upgrade(ctx, t, r, map[string]string{"spire.enabled": enabled})
		t.Logf("spire.enabled=%s: all ready after %s", enabled, time.Since(began).Round(100*time.Millisecond))
		load.Mark("ready")
		suite.Settle(ctx, t, r)
		assert.Equal(t, before, settings(ctx, t, r), "what the user has set, without spire.enabled")
		if enabled == "true" {
			present, err := ofSPIRE(ctx, r)
			require.NoError(t, err)
			assert.Greater(t, len(present), 20, "the inventory sees what SPIRE is made of")
		}
	}
	suite.Eventually(ctx, t, "SPIRE to go", func(ctx context.Context) error {
		left, err := ofSPIRE(ctx, r)
		if err == nil && (len(left) != 1 || left[0] != "persistentvolumeclaims/data-spire-server-0") {
			err = fmt.Errorf("the volume with the CA's keys stays, and there are %q", left)
		}
		return err
	})
	load.RequireNoFailure(ctx, t)
}

// settings returns the values that the user of a release has set, without spire.enabled.
func settings(ctx context.Context, t *testing.T, r release.Release) map[string]any {
	t.Helper()
	output, err := suite.Env.Helm.Run(ctx, "get", "values", r.Name, "--namespace", r.Namespace, "--output", "json")
	require.NoError(t, err)
	var values map[string]any
	require.NoError(t, json.Unmarshal([]byte(output), &values))
	unstructured.RemoveNestedField(values, "spire", "enabled")
	if spire, set := values["spire"].(map[string]any); set && len(spire) == 0 {
		delete(values, "spire")
	}
	return values
}

// ofSPIRE returns the objects of a release that are SPIRE's by their name or kind. Its custom
// resource definitions are another release.
func ofSPIRE(ctx context.Context, r release.Release) ([]string, error) {
	all, err := inventory(ctx, r.Name)
	var found []string
	for _, object := range all {
		if spire.MatchString(object) && !definition.MatchString(object) {
			found = append(found, object)
		}
	}
	return found, err
}

var (
	spire      = regexp.MustCompile("spire|spiffe")
	definition = regexp.MustCompile("^customresourcedefinitions/")
)
