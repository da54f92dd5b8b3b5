// Package traffic puts a release under load, keeps the timeline of what happens to it, and draws
// it.
package traffic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/mix"
	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/release"
)

// Recorder watches a release from Start to Stop.
type Recorder struct {
	release release.Release
	kinds   []mix.Kind // that the load sends
	load    string     // the load generator's pod
	cancel  context.CancelFunc
	working sync.WaitGroup

	mu       sync.Mutex // guards what follows
	timeline Timeline
	pods     map[string]int                    // by UID, the index in the timeline
	restarts map[string]int32                  // by pod and container
	serials  map[string]bool                   // of the certificates in the timeline
	requests map[string]map[int]record.Request // by kind and number
	// complaint is what the load generator printed last that is no record.
	complaint string
}

// Start puts the release under load, from inside the cluster, and returns once the first requests
// of each kind were answered. Requests in sessions belong to one that is begun here.
func Start(ctx context.Context, release release.Release, title string, kinds []mix.Kind) (*Recorder, error) {
	watching, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &Recorder{release: release, kinds: kinds, cancel: cancel, timeline: Timeline{Title: title},
		pods: map[string]int{}, restarts: map[string]int32{}, serials: map[string]bool{}, requests: map[string]map[int]record.Request{}}
	for _, kind := range kinds {
		r.requests[kind.Name] = map[int]record.Request{}
	}
	err := r.startLoad(ctx, watching)
	if err == nil {
		err = r.watchPods(watching)
	}
	if err == nil {
		err = r.Await(ctx, 1)
	}
	if err != nil {
		cancel()
		r.working.Wait()
		return nil, errors.Join(err, r.stopLoad(context.WithoutCancel(ctx)))
	}
	return r, nil
}

// Mark notes something that is done to the release.
func (r *Recorder) Mark(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timeline.Actions = append(r.timeline.Actions, record.Event{At: time.Now(), What: what})
}

// Await waits until that many more requests have been answered of each kind that is sent often, and
// one of each other kind.
func (r *Recorder) Await(ctx context.Context, more int) error {
	began := time.Now()
	return kube.Eventually(ctx, fmt.Sprintf("%d more requests of each kind", more), func(context.Context) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, kind := range r.kinds {
			enough, answered := more, 0
			if !kind.Often() {
				enough = 1
			}
			for _, request := range r.requests[kind.Name] {
				if !request.Sent.Before(began) {
					answered++
				}
			}
			if answered < enough {
				return fmt.Errorf("%d of %s so far; the load generator's last other output: %q", answered, kind.Name, r.complaint)
			}
		}
		return nil
	})
}

// Snapshot returns what happened until now, with the answer to every request that was sent.
func (r *Recorder) Snapshot(ctx context.Context) (*Timeline, error) {
	now := time.Now()
	if err := r.awaitAnswers(ctx, now); err != nil {
		return nil, err
	}
	requests := slices.DeleteFunc(r.Requests(), func(q record.Request) bool { return q.Sent.After(now) })
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Timeline{Title: r.timeline.Title, Requests: requests, Handshakes: slices.Clone(r.timeline.Handshakes)}, nil
}

// Stop ends the load and the watching, and returns what was seen until now, with the answer to
// every request that was sent. An error says what is missing.
func (r *Recorder) Stop(ctx context.Context) (*Timeline, error) {
	now := time.Now()
	err := r.awaitAnswers(ctx, now)
	r.cancel()
	r.working.Wait()
	// Some that were sent later may still be in progress.
	r.timeline.Requests = slices.DeleteFunc(r.Requests(), func(q record.Request) bool { return q.Sent.After(now) })
	return &r.timeline, errors.Join(err, r.timeline.Watched(), r.stopLoad(ctx))
}
