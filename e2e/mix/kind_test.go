package mix_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"agentcube-mtls/e2e/mix"
)

// Reports and docs name these two, and compare runs by them.
func TestUsualKinds(t *testing.T) {
	t.Parallel()
	var names []string
	for _, kind := range mix.Usual() {
		names = append(names, kind.Name)
		assert.True(t, kind.Often(), kind.Name)
		assert.False(t, kind.Kept, kind.Name)
	}
	assert.Equal(t, []string{"calls", "in sessions"}, names)
}

func TestEachKindHasANameOfItsOwn(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, kind := range mix.Whole() {
		assert.False(t, names[kind.Name], "two kinds are named %s", kind.Name)
		names[kind.Name] = true
		_, known := mix.Named(kind.Name)
		assert.True(t, known, kind.Name)
		assert.Equal(t, kind.Runtime == mix.Session, kind.InSession(), kind.Name)
		assert.True(t, kind.WorkloadManager || kind.Sandbox, "%s needs nothing", kind.Name)
	}
	_, known := mix.Named("guesses")
	assert.False(t, known)
}
