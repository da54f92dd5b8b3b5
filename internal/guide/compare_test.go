package guide

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What differs from run to run is compared by its type.
func TestComparedByType(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"agentcube-router-54b4c454df-64fhh   2/2   Running   0   18m", "agentcube-router-7fc55b96fd-wzdpt  2/2  Running  0  2m31s"},
		{"spire-agent-mnz5l   1/1", "spire-agent-zq7xk   1/1"},
		{"Running   0 (2m ago)", "Running   0"},
		{"Entry ID : 43bb9322-8c5f-4f25-8d48-749263172d71", "Entry ID : 07efc99c-ff69-4916-a045-41ac5cdc0c8c"},
		{"Expiration time   : 2026-11-24 00:49:16 +0000 UTC", "Expiration time   : 2027-01-01 10:00:00 +0000 UTC"},
		{"I1123 23:49:20.285532       1 source.go:54] Waiting", "I0101 01:02:03.000004      17 source.go:54] Waiting"},
		{"serial=101747523728935092667032122621535487773 expires=2026-11-24T00:49:16Z", "serial=9174752372893509266703 expires=2026-11-25T00:49:16Z"},
		{"Refused connection from 10.244.0.9:57438: no", "Refused connection from 10.244.1.19:1: no"},
		{"expires in 59m50s", "expires in 1h0m2s"},
		{"… certificate of …: unexpected", "W1123 certificate of spiffe://cluster.local/x: unexpected"},
	} {
		assert.True(t, sameLine(pair[0], pair[1]), "%s\n%s\n%s\n%s", pair[0], pair[1], normalize(pair[0]), normalize(pair[1]))
	}
}

// What does not differ from run to run is compared to the letter.
func TestComparedToTheLetter(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"agentcube-router-54b4c454df-64fhh   2/2", "workloadmanager-54b4c454df-64fhh   2/2"},
		{"agentcube-router   2/2   Running   0", "agentcube-router   2/2   Running   1"},
		{"spiffe://cluster.local/ns/agentcube/sa/agentcube-router", "spiffe://cluster.local/ns/agentcube-system/sa/agentcube-router"},
		{"TLS 1.3", "TLS 1.2"},
		{"Found 2 entries", "Found 3 entries"},
		{"workload-manager", "workload-router"},
		{"Server is healthy.", "Server is healthy. Not."},
	} {
		assert.False(t, sameLine(pair[0], pair[1]), "%s\n%s", pair[0], pair[1])
	}
}

func TestLinesMayBeLeftOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expected, actual string
		same             bool
	}{
		{"…", "", true},
		{"…", "a\nb", true},
		{"a\n…", "a", true},
		{"a\n…\nc\n…\ne", "a\nb\nc\nc\nd\ne", true},
		{"…\nc", "a\nc\nd", false},
		{"a\n…\nd", "a\nb\nc", false},
	} {
		_, same, _ := compare(strings.Split(c.expected, "\n"), strings.Split(c.actual, "\n"))
		assert.Equal(t, c.same, same, "%q against %q", c.actual, c.expected)
	}
}
