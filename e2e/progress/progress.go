// Package progress tells a person what a long command is doing: a line when a step starts, one now
// and then while it continues, and one with the time it took when it ends. Steps may overlap.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// reminder is how often a step that continues says so.
const reminder = 30 * time.Second

// quick is how long a step may take without deserving a line.
const quick = 500 * time.Millisecond

// Log writes steps to a terminal or a file.
type Log struct {
	mu  sync.Mutex
	out io.Writer
}

// To returns a Log that writes to out.
func To(out io.Writer) *Log { return &Log{out: out} }

// Step does a piece of work under a name, and passes on the error of the work.
func (l *Log) Step(name string, work func() error) error {
	start := time.Now()
	done := make(chan error, 1)
	go func() { done <- work() }()
	wait := time.NewTimer(quick)
	defer wait.Stop()
	mark := "• %s …"
	for {
		select {
		case err := <-done:
			took := time.Since(start)
			switch {
			case err != nil:
				l.Printf("✗ %s (%s)", name, short(took))
			case took > quick:
				l.Printf("✓ %s (%s)", name, short(took))
			}
			return err
		case <-wait.C:
			l.Printf(mark, name)
			mark = "  still at it: %s (" + short(time.Since(start)+reminder) + ")"
			wait.Reset(reminder)
		}
	}
}

// Printf writes one line.
func (l *Log) Printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.out, format+"\n", args...)
}

func short(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
