package traffic

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"agentcube-mtls/e2e/record"
)

// Timeline is the record of one release under load: every request, what was done to the release,
// and what happened to it. It is kept as JSON for programs and as an SVG picture for people.
type Timeline struct {
	Title        string               `json:"title"`
	Requests     []record.Request     `json:"requests"`
	Actions      []record.Event       `json:"actions"`  // what was done to the release, in order
	Restarts     []record.Event       `json:"restarts"` // of containers
	Pods         []Pod                `json:"pods"`     // in the order in which they were first seen
	Certificates []record.Certificate `json:"certificates"`
	Handshakes   []record.Event       `json:"handshakes"` // that failed, of the one that a probe beside each Router makes every second
	Complaints   []record.Event       `json:"complaints"` // what Routers logged of requests that they could not serve
	Late         []record.Event       `json:"late"`       // what they logged of sandboxes for which AgentCube's would not have waited
}

// Pod is the life of a pod. A time that was not reached is zero.
type Pod struct {
	Name   string    `json:"name"`
	Seen   time.Time `json:"seen"`
	Ready  time.Time `json:"ready,omitzero"`
	Ending time.Time `json:"ending,omitzero"` // when it was deleted, and could still finish
	Gone   time.Time `json:"gone,omitzero"`
}

// Failed returns the requests that were not served.
func (t *Timeline) Failed() []record.Request {
	var failed []record.Request
	for _, request := range t.Requests {
		if request.Failure != "" {
			failed = append(failed, request)
		}
	}
	return failed
}

// Watched returns an error if no Router was seen: then no pod was watched, and that no restart was
// noted says nothing.
func (t *Timeline) Watched() error {
	if slices.ContainsFunc(t.Pods, func(pod Pod) bool { return isRouter(pod) && !pod.Ready.IsZero() }) {
		return nil
	}
	return errors.New("no Router was seen: the pods of the release were not watched")
}

func isRouter(pod Pod) bool { return strings.HasPrefix(pod.Name, "agentcube-router-") }

// Write writes {name}.json and {name}.svg into a folder, which it makes, and returns the picture's
// path.
func (t *Timeline) Write(dir, name string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	data, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	picture, err := t.SVG()
	if err != nil {
		return "", fmt.Errorf("drawing the timeline: %w", err)
	}
	path := filepath.Join(dir, name+".svg")
	if err := os.WriteFile(filepath.Join(dir, name+".json"), data, 0o644); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, picture, 0o644)
}
