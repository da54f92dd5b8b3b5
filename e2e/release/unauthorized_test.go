package release

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/record"
)

// tried returns the outcome of each attempt: refused, but for those that are let in with an answer.
func tried(letIn map[string]string) []record.Refusal {
	var refusals []record.Refusal
	for _, attempt := range attempts {
		how, in := letIn[attempt]
		refusals = append(refusals, record.Refusal{Client: attempt, Refused: !in, How: how})
	}
	return refusals
}

func TestClientThatIsLetInFailsTheRow(t *testing.T) {
	t.Parallel()
	seen, err := refused(tried(nil), true)
	require.NoError(t, err)
	assert.Equal(t, strings.Join(attempts, "\n"), seen)

	for _, promised := range []bool{true, false} {
		_, err = refused(tried(map[string]string{"no certificate": "200 OK"}), promised)
		require.EqualError(t, err, "no certificate was not refused: 200 OK")
		require.ErrorContains(t, Failed([]Row{{What: "unauthorized clients", Err: err}}), "unauthorized clients")
	}
	_, err = refused(tried(map[string]string{record.AnotherWorkload: "404 Not Found"}), true)
	require.EqualError(t, err, record.AnotherWorkload+" was not refused: 404 Not Found")
}

// A row that stands on no attempt, or on some of them, is no proof.
func TestMissingAttemptFailsTheRow(t *testing.T) {
	t.Parallel()
	_, err := refused(nil, true)
	require.EqualError(t, err, "the unauthorized client did not try these: "+strings.Join(attempts, ", "))
	_, err = refused(tried(nil)[1:], false)
	require.EqualError(t, err, "the unauthorized client did not try these: plain HTTP to the plain port")
}

// An image that lets in any workload is named and fails nothing.
func TestImageWithoutAllowList(t *testing.T) {
	t.Parallel()
	seen, err := refused(tried(map[string]string{record.AnotherWorkload: ""}), false)
	rows := []Row{{What: "handshake", Seen: "TLS 1.3"}, {What: "unauthorized clients", Seen: seen, Err: err}}
	require.NoError(t, Failed(rows))
	lines := strings.Split(strings.TrimSpace(Table(rows)), "\n")
	require.Len(t, lines, 1+len(attempts))
	assert.Equal(t, "! unauthorized clients   plain HTTP to the plain port", lines[1])
	assert.Equal(t, "                         this image of the WorkloadManager lets in any workload of the trust domain", lines[len(lines)-1])
	require.ErrorContains(t, Failed(append(rows, Row{What: "sidecars", Err: errors.New("none")})), "sidecars")
}
