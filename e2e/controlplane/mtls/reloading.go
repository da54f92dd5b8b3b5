package mtls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/klog/v2"
)

// settleTime is how long after a change the files are read. They are written one after another; this
// lets the writer finish.
const settleTime = 200 * time.Millisecond

// reloading is a value parsed from files, and parsed again when they change. Only one goroutine at a
// time may call reload; any number may call load.
type reloading[T any] struct {
	paths []string
	parse func(contents [][]byte) (T, error)

	contents [][]byte // what current was parsed from
	current  atomic.Pointer[T]
}

// open reads the files, which must be good, and follows them until ctx is done.
func (r *reloading[T]) open(ctx context.Context) error {
	if err := r.reload(); err != nil {
		return fmt.Errorf("loading %w", err)
	}
	return r.watch(ctx)
}

// load returns the value in use. It must not be called before open has succeeded.
func (r *reloading[T]) load() T { return *r.current.Load() }

// reload reads the files and, where they differ from the value in use and are good, swaps the value.
// An error leaves the old one in place.
func (r *reloading[T]) reload() error {
	contents, err := readAll(r.paths)
	if err != nil {
		return err
	}
	if r.contents != nil && equal(contents, r.contents) {
		return nil
	}
	value, err := r.parse(contents)
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(r.paths, ", "), err)
	}
	r.contents = contents
	r.current.Store(&value)
	return nil
}

// watch reloads after every change until ctx is done. It watches directories, not files, because
// Kubernetes replaces whole directories behind a symlink and a watch on a file that is renamed over
// is lost.
func (r *reloading[T]) watch(ctx context.Context) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching certificate files: %w", err)
	}
	for _, path := range r.paths {
		// Adding a directory twice is harmless.
		if err := watcher.Add(filepath.Dir(path)); err != nil {
			return errors.Join(fmt.Errorf("watching %s: %w", filepath.Dir(path), err), watcher.Close())
		}
	}
	go r.follow(ctx, watcher)
	return nil
}

func (r *reloading[T]) follow(ctx context.Context, watcher *fsnotify.Watcher) {
	defer func() { _ = watcher.Close() }()
	// Armed from the start: the files may have changed before the watch stood.
	settled := time.After(settleTime)
	for {
		select {
		case <-ctx.Done():
			return
		case <-watcher.Events:
		case err := <-watcher.Errors:
			// Most likely too many events at once: read rather than miss one.
			klog.Warningf("Watching certificate files: %v", err)
		case <-settled:
			settled = nil
			if err := r.reload(); err != nil {
				klog.Errorf("Keeping the certificates in use, the new files are bad: %v", err)
			}
			continue
		}
		// Not re-armed by further events, so that a steady stream of them cannot postpone the
		// reading; an event after it arms again.
		if settled == nil {
			settled = time.After(settleTime)
		}
	}
}

// readAll returns the contents of the files, or an error that names every one that cannot be read.
func readAll(paths []string) ([][]byte, error) {
	contents := make([][]byte, len(paths))
	errs := make([]error, len(paths))
	for i, path := range paths {
		contents[i], errs[i] = os.ReadFile(path)
	}
	return contents, utilerrors.NewAggregate(errs) // joined on one line, for the log
}

func equal(a, b [][]byte) bool {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
