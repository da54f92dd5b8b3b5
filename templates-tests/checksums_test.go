package templatestests

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A changed setting rolls exactly the pods concerned.
func TestChangedSettingRollsItsPods(t *testing.T) {
	t.Parallel()
	const own = `{redis: {embedded: {enabled: true}, password: a}, spire: {enabled: true}}`
	for set, want := range map[string][]string{
		"spire: {spiffeHelper: {healthPort: 9000}}":                 {"Deployment/agentcube-router", "Deployment/workloadmanager"},
		"spire: {server: {ca: {ttl: 48h}}}":                         {"StatefulSet/spire-server"},
		"spire: {controllerManager: {gcInterval: 7s}}":              {"StatefulSet/spire-server"},
		"spire: {agent: {syncInterval: 9s}}":                        {"DaemonSet/spire-agent"},
		"redis: {password: b}":                                      {"Deployment/agentcube-redis", "Deployment/agentcube-router", "Deployment/workloadmanager"},
		"spire: {identities: {create: false}}":                      {},
		"networkPolicies: {enabled: true, nodeCIDRs: [10.0.0.0/8]}": {},
	} {
		before := render(t, own)
		after := render(t, own, set)
		assert.ElementsMatch(t, want, rolled(before, after), set)
	}
}
