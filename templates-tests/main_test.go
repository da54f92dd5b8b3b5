package templatestests

import (
	"os"
	"runtime/debug"
	"testing"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // renders make much and keep little: collecting it took a third of the time
	os.Exit(m.Run())
}
