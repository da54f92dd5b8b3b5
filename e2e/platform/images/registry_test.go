package images

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A registry answers whether or not it knows the caller.
func TestRegistryAnswers(t *testing.T) {
	t.Parallel()
	for status, answers := range map[int]bool{
		http.StatusOK: true, http.StatusUnauthorized: true, http.StatusForbidden: false, http.StatusBadGateway: false,
	} {
		registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		assert.Equal(t, answers, answer(t.Context(), registry.URL), "status %d", status)
		registry.Close()
	}
}

// A registry that cannot be reached does not answer.
func TestRegistryGone(t *testing.T) {
	t.Parallel()
	registry := httptest.NewServer(http.NotFoundHandler())
	registry.Close()
	assert.False(t, answer(t.Context(), registry.URL))
}
