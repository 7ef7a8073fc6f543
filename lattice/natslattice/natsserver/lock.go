package natsserver

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// errLocked says that another process has the lock.
var errLocked = errors.New("locked")

// lockDir locks a directory until the file that it returns is closed, or this
// process ends.
func lockDir(dir string) (io.Closer, error) {
	name := filepath.Join(dir, "lock")
	f, err := lockFile(name)
	if errors.Is(err, errLocked) {
		by := "another server"
		if text, err := os.ReadFile(name); err == nil {
			if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
				by = fmt.Sprintf("the server of process %d", pid)
			}
		}
		return nil, fmt.Errorf("%w: %s uses %q: stop it, or use another directory", lattice.ErrConflict, by, dir)
	}
	if err != nil {
		return nil, unwritable(dir, err)
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, unwritable(dir, err)
	}
	return f, nil
}
