package release

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnAgentWhoseCertificateHasExpiredIsNotAttested(t *testing.T) {
	t.Parallel()
	valid, err := attested(`{"agents": [{"x509svid_expires_at": "1000"}, {"x509svid_expires_at": "1001"}]}`, time.Unix(1000, 0))
	require.NoError(t, err)
	assert.Equal(t, 1, valid)
}
