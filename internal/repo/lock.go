package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// LockCache is Lock by a file of that name in the cache: of two commands that make the same thing on
// this machine, one makes it and the other waits.
func LockCache(ctx context.Context, name string) (unlock func(), err error) {
	dir, err := Cache()
	if err != nil {
		return nil, err
	}
	return Lock(ctx, filepath.Join(dir, name+".lock"))
}

// Lock waits until no other process, and no other caller in this one, holds the lock file at path,
// and takes it. The returned function gives it back; so does the end of the process.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock file: %w", err)
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("waiting for the lock %s: %w", path, ctx.Err()), file.Close())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
