package mix_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/mix"
)

func TestCheckOfAKnownAnswer(t *testing.T) {
	t.Parallel()
	kind := mix.Kind{Answer: func() io.Reader { return strings.NewReader("whole") }}
	for answer, problem := range map[string]string{
		"whole":  "",
		"who":    "the answer ends after 3 bytes, 2 are missing",
		"":       "the answer ends after 0 bytes, 5 are missing",
		"whose":  "after 3 bytes: the next byte is wrong",
		"wholes": "after 5 bytes: the answer goes on after its end",
	} {
		for how, reader := range map[string]io.Reader{
			"at once":      strings.NewReader(answer),
			"byte by byte": iotest.OneByteReader(strings.NewReader(answer)),
		} {
			err := kind.Check(reader)
			if problem == "" {
				require.NoError(t, err, how)
			} else {
				require.EqualError(t, err, problem, how)
			}
		}
	}
	cut := io.MultiReader(strings.NewReader("wh"), iotest.ErrReader(io.ErrUnexpectedEOF))
	assert.EqualError(t, kind.Check(cut), "after 2 bytes: unexpected EOF")
}

func TestCheckOfAPartOfAnAnswer(t *testing.T) {
	t.Parallel()
	kind := mix.Kind{Says: "nobody"}
	require.NoError(t, kind.Check(strings.NewReader(`AgentRuntime "nobody" not found`)))
	require.EqualError(t, kind.Check(strings.NewReader("not found")), `the answer does not say "nobody": not found`)
	cut := errors.New("cut off")
	assert.ErrorIs(t, kind.Check(io.MultiReader(strings.NewReader("nobody"), iotest.ErrReader(cut))), cut)
}
