package traffic

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/record"
)

func TestARequestThatWasSentAndLeftNoRecordIsMissed(t *testing.T) {
	t.Parallel()
	began := time.Now()
	r := &Recorder{requests: map[string]map[int]record.Request{calls: {}}}
	record := func(number int) {
		sent := began.Add(time.Duration(number) * time.Second)
		r.noteRequest(calls, fmt.Appendf(nil, `{"n": %d, "sent": %q}`, number, sent.Format(time.RFC3339Nano)))
	}
	record(0)
	record(2)
	r.noteRequest(calls, []byte("load: out of memory"))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	until := began.Add(1500 * time.Millisecond)
	require.ErrorContains(t, r.awaitAnswers(ctx, until), `no record of request 1 of calls; the load generator's last other word: "load: out of memory"`)
	record(1)
	require.NoError(t, r.awaitAnswers(t.Context(), until))
}
