package suite

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/mix"
	"agentcube-mtls/e2e/record"
)

// sent returns requests of a kind that were served, one in each second from a moment on.
func sent(kind string, from time.Time, count int) []record.Request {
	var requests []record.Request
	for n := range count {
		requests = append(requests, record.Request{Kind: kind, Sent: from.Add(time.Duration(n) * time.Second)})
	}
	return requests
}

func TestServedAgain(t *testing.T) {
	t.Parallel()
	now := time.Now()
	before, after := sent(mix.Calls, now.Add(-time.Hour), 100), sent(mix.Calls, now, 101)
	rare := sent("streams", now, 100)
	require.EqualError(t, served(slices.Concat(before, after[:99], rare), now), "99 were answered so far")
	require.NoError(t, served(slices.Concat(before, after), now))
	rare[99].Failure = "cut off"
	require.NoError(t, served(slices.Concat(after, rare), now), "a request that takes long was begun earlier")
	after[0].Failure = "refused"
	require.NoError(t, served(slices.Clone(after), now), "a hundred were served since")
	after[1].Failure = "reset"
	assert.EqualError(t, served(after, now), "one of the last hundred failed: reset")
}
