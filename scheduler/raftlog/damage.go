package raftlog

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/wattle-dev/wattle/lattice"
)

// DamageError says that a file of a node cannot be used.
type DamageError struct {
	// File is its path.
	File string
	Err  error
}

// Error implements error.
func (e *DamageError) Error() string {
	return fmt.Sprintf("%q: %v. If this is the only scheduler, restore a snapshot with `wattle scheduler restore FILE --yes`; "+
		"if it is one of several, remove it with `wattle scheduler remove`, move its directory away, and add it again with `wattle scheduler add`", e.File, e.Err)
}

// Unwrap returns the cause, and lattice.ErrInternal.
func (e *DamageError) Unwrap() []error { return []error{e.Err, lattice.ErrInternal} }

func damaged(file, format string, args ...any) error {
	return &DamageError{file, fmt.Errorf(format, args...)}
}

var errFault = errors.New("it cannot be read")

// guarded calls f, which reads memory that is mapped from a file. A file that is cut
// off meanwhile, a disk that does not answer, and what bbolt makes of a page that is
// not what it ought to be, are errors.
//
// After an error that is errFault bbolt may hold locks that nobody gives back.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errFault, p)
		}
	}()
	return f()
}
