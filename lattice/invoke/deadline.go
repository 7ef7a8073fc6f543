package invoke

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// errTimeout is the error of what was given a deadline that has passed.
var errTimeout = fmt.Errorf("the deadline has passed: %w", os.ErrDeadlineExceeded)

// deadline is a time after which something is not waited for, and which can be
// changed while it is. The zero deadline never comes.
type deadline struct {
	mu    sync.Mutex
	late  chan struct{} // closed when the time has come
	timer *time.Timer
}

// set changes the time; the zero time never comes.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if d.late == nil {
		d.late = make(chan struct{})
	}
	over := false
	select {
	case <-d.late:
		over = true
	default:
	}
	left := time.Until(t)
	if !t.IsZero() && left <= 0 {
		if !over {
			close(d.late)
		}
		return
	}
	if over {
		d.late = make(chan struct{})
	}
	if !t.IsZero() {
		late := d.late
		d.timer = time.AfterFunc(left, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.late != late || d.timer == nil {
				return // it has been changed meanwhile
			}
			d.timer = nil
			close(late)
		})
	}
}

// passed returns a channel that is closed when the time has come.
func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.late == nil {
		d.late = make(chan struct{})
	}
	return d.late
}
