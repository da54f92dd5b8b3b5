package mix_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"agentcube-mtls/e2e/mix"
)

// asked returns what the agent answers to a GET.
func asked(ctx context.Context, path string) *httptest.ResponseRecorder {
	others := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, r.URL.Path, http.StatusTeapot) })
	answer := httptest.NewRecorder()
	mix.Agent("sandbox", others).ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
	return answer
}

// The agent leaves other requests as they are.
func TestOtherRequests(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/load", "//load/slow/1", "/greet/../load/slow/1"} {
		answer := asked(t.Context(), path)
		assert.Equal(t, http.StatusTeapot, answer.Code, path)
		assert.Equal(t, path+"\n", answer.Body.String())
		assert.Equal(t, "sandbox", answer.Header().Get(mix.HostHeader))
	}
}

func TestAgentRejects(t *testing.T) {
	t.Parallel()
	assert.Equal(t, http.StatusBadRequest, asked(t.Context(), "/load/slow/long").Code)
	assert.Equal(t, http.StatusNotFound, asked(t.Context(), "/load/guesses").Code)
}

// The agent works for nobody who has gone.
func TestClientGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Empty(t, asked(ctx, "/load/slow/3600").Body.String())
	assert.Contains(t, asked(ctx, "/load/events/3600").Body.String(), "id: 0\n")
	assert.NotContains(t, asked(ctx, "/load/events/3600").Body.String(), "id: 1\n")
}
