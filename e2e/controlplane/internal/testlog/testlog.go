// Package testlog lets tests read what the programs log.
package testlog

import (
	"bytes"
	"flag"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/klog/v2"
)

// Log holds every line logged since Capture. All tests of a package share it,
// so they look for lines that only they can have caused.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Capture sends klog's output to the returned Log. Call it once, before tests run.
func Capture() *Log {
	log := &Log{}
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "stderrthreshold": "FATAL", "one_output": "true", "legacy_stderr_threshold_behavior": "false"} {
		if err := flags.Set(name, value); err != nil {
			panic(err)
		}
	}
	klog.SetOutput(log)
	return log
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// Has reports whether one line holds all the parts.
func (l *Log) Has(parts ...string) bool {
	klog.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if containsAll(line, parts) {
			return true
		}
	}
	return false
}

// Await fails the test where no line with all the parts comes.
func (l *Log) Await(t testing.TB, parts ...string) {
	t.Helper()
	require.Eventually(t, func() bool { return l.Has(parts...) }, 10*time.Second, 10*time.Millisecond,
		"no line was logged with all of %q", parts)
}

func containsAll(line string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(line, part) {
			return false
		}
	}
	return true
}
