//go:build linux || darwin

package component

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lockInterval is how often a process looks whether a lock is free: waiting for
// one cannot be interrupted.
const lockInterval = 100 * time.Millisecond

// lock waits until no other process that uses the directory compiles the module.
// A process that dies gives its locks back. There is one for each first byte of
// the keys, so that their files do not become more and more; sometimes one waits
// for a module of another.
func (c *codeCache) lock(ctx context.Context, key moduleKey) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(c.dir, fmt.Sprintf("lock-%02x", key[0])), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, c.fail(err)
	}
	unlock = func() { _ = f.Close() }
	tick := time.NewTicker(lockInterval)
	defer tick.Stop()
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case err == nil:
			return unlock, nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			// The file system has no locks: two may compile the same.
			return unlock, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			unlock()
			return nil, context.Cause(ctx)
		}
	}
}
