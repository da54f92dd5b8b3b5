package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestSwitchingSPIREOnAndOffLosesNoInvocation turns mutual TLS on and off again by helm upgrades, while a client in the cluster
// invokes through the Router without a pause.
func TestSwitchingSPIREOnAndOffLosesNoInvocation(t *testing.T) {
	for _, replicas := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d of each", replicas), func(t *testing.T) {
			ctx := start(t)
			r := install(t, fmt.Sprintf("switching-%d", replicas), map[string]string{
				"router.replicas": fmt.Sprint(replicas), "workloadmanager.replicas": fmt.Sprint(replicas),
			})
			load := underLoad(ctx, t, r)
			for _, enabled := range []string{"true", "false"} {
				load.Mark("spire.enabled=" + enabled)
				began := time.Now()
				upgrade(t, r, map[string]string{"spire.enabled": enabled})
				t.Logf("spire.enabled=%s: all ready after %s", enabled, time.Since(began).Round(100*time.Millisecond))
				load.Mark("ready")
				settle(ctx, t, r)
				_, err := r.NoRestarts(ctx)
				assert.NoError(t, err)
			}
			load.requireNoFailure(ctx, t)
		})
	}
}
