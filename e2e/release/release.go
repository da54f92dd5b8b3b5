// Package release checks, from the outside, that an installed release does what the project
// promises.
package release

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/progress"
)

// Row is one thing that was verified. Err is nil where it holds, and a Limit where an image does
// not promise it.
type Row struct {
	What, Seen string
	Err        error
}

// Limit is something that an image permits and this project's own does not. The user has to know
// it, but nothing has failed.
type Limit string

func (l Limit) Error() string { return string(l) }

// Release is a release to look at.
type Release struct {
	*kube.Client
	Namespace, Name string
}

// All verifies a release of the chart with spire.enabled. Every check runs, whatever the others
// say.
func All(ctx context.Context, log *progress.Log, client *kube.Client, namespace, name string) []Row {
	r := Release{Client: client, Namespace: namespace, Name: name}
	checks := []struct {
		what  string
		check func(context.Context) (string, error)
	}{
		{"SPIRE server healthy", r.ServerHealthy},
		{"agents attested", r.AgentsAttested},
		{"registration entries", r.EntriesRegistered},
		{"sidecars ready", r.SidecarsReady},
		{"handshake", r.describeHandshake},
		{"unauthorized clients", r.describeUnauthorized},
		{"agent invoked through the Router", r.AgentInvoked},
		{"container restarts", r.NoRestarts},
	}
	var rows []Row
	_ = log.Step("verifying", func() error {
		for _, c := range checks {
			seen, err := c.check(ctx)
			rows = append(rows, Row{What: c.what, Seen: seen, Err: err})
		}
		return Failed(rows)
	})
	return rows
}

// Failed returns the errors of all rows that do not hold, but for limits, or nil.
func Failed(rows []Row) error {
	var failed []error
	for _, row := range rows {
		if row.Err != nil && !limited(row) {
			failed = append(failed, fmt.Errorf("%s: %w", row.What, row.Err))
		}
	}
	return errors.Join(failed...)
}

func limited(row Row) bool {
	var limit Limit
	return errors.As(row.Err, &limit)
}

// Table renders the rows for a terminal.
func Table(rows []Row) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		sign, seen := "✓", row.Seen
		if row.Err != nil {
			sign, seen = "✗", row.Err.Error()
		}
		if limited(row) {
			sign, seen = "!", row.Seen+"\n"+row.Err.Error()
		}
		for n, line := range strings.Split(strings.TrimSpace(seen), "\n") {
			if n == 0 {
				_, _ = fmt.Fprintf(w, "%s %s\t%s\n", sign, row.What, line)
			} else {
				_, _ = fmt.Fprintf(w, "\t%s\n", line)
			}
		}
	}
	_ = w.Flush()
	return b.String()
}
