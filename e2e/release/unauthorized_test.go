package release

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/record"
)

func TestClientThatIsLetInFailsTheRow(t *testing.T) {
	t.Parallel()
	seen, err := refused([]record.Refusal{{Client: "no certificate", Refused: true}, {Client: record.AnotherWorkload, Refused: true}}, true)
	require.NoError(t, err)
	assert.Equal(t, "no certificate\n"+record.AnotherWorkload, seen)

	for _, promised := range []bool{true, false} {
		_, err = refused([]record.Refusal{{Client: "no certificate", How: "200 OK"}, {Client: record.AnotherWorkload}}, promised)
		require.EqualError(t, err, "no certificate was not refused: 200 OK")
		require.ErrorContains(t, Failed([]Row{{What: "unauthorized clients", Err: err}}), "unauthorized clients")
	}
	_, err = refused([]record.Refusal{{Client: record.AnotherWorkload, How: "404 Not Found"}}, true)
	require.EqualError(t, err, record.AnotherWorkload+" was not refused: 404 Not Found")
}

// An image that lets in any workload is named and fails nothing.
func TestImageWithoutAllowList(t *testing.T) {
	t.Parallel()
	seen, err := refused([]record.Refusal{{Client: "no certificate", Refused: true}, {Client: record.AnotherWorkload}}, false)
	rows := []Row{{What: "handshake", Seen: "TLS 1.3"}, {What: "unauthorized clients", Seen: seen, Err: err}}
	require.NoError(t, Failed(rows))
	assert.Equal(t, "✓ handshake              TLS 1.3\n"+
		"! unauthorized clients   no certificate\n"+
		"                         this image of the WorkloadManager lets in any workload of the trust domain\n", Table(rows))
	require.ErrorContains(t, Failed(append(rows, Row{What: "sidecars", Err: errors.New("none")})), "sidecars")
}
