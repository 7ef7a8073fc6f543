package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// stop ends a component: callers are told first, calls are taken for a while
// longer, and those under way finish.
func (r *runner) stop(current *running) {
	d := r.d
	d.mu.Lock()
	r.move(lattice.ComponentStopping, "")
	d.mu.Unlock()
	d.changed()
	if d.ready.withdraw(r.id) {
		r.linger()
	}
	d.mu.Lock()
	if r.want != nil { // it was asked for again
		r.serve()
		d.mu.Unlock()
		return
	}
	r.end(current)
}

// revoke has a component take no calls any more at once: it was linked to something
// that it must not reach any longer, and cannot be run without.
func (r *runner) revoke(current *running) {
	r.d.ready.withdraw(r.id)
	r.d.mu.Lock()
	r.move(lattice.ComponentStopping, r.next.reason)
	r.end(current)
}

// end closes what runs. It is called with the daemon's lock, which it gives back.
func (r *runner) end(current *running) {
	d := r.d
	r.closed = true
	d.publish()
	d.mu.Unlock()
	d.shelf.remove(r.id)
	current.close(d, func() {
		d.mu.Lock()
		r.failed += current.failures()
		r.exceeded = add(r.exceeded, current.target.Metrics().Exceeded.Counts())
		r.current, r.closed = nil, false
		d.mu.Unlock()
	})
	d.log.Info("component stopped", "component", r.id)
	r.event(lattice.EventComponentStopped)
}

// linger takes calls for Options.DrainGrace, or until the component is wanted
// again.
func (r *runner) linger() {
	timer := time.NewTimer(max(r.d.opts.DrainGrace, 0))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return
		case <-r.wake:
			r.d.mu.Lock()
			wanted := r.want != nil
			r.d.mu.Unlock()
			if wanted {
				return
			}
		}
	}
}

// retire ends what ran before an update.
func (r *runner) retire(last *running) {
	d := r.d
	last.close(d, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		r.failed += last.failures()
		r.exceeded = add(r.exceeded, last.target.Metrics().Exceeded.Counts())
		for i, old := range r.old {
			if old == last {
				r.old = append(r.old[:i:i], r.old[i+1:]...)
				break
			}
		}
	})
	d.changed()
}

// endTime is how long the end may take besides draining.
const endTime = 5 * time.Second

// leave ends all components, and then the engine.
func (d *Daemon) leave(ctx context.Context) error {
	d.mu.Lock()
	d.leaving = true
	d.converge()
	d.mu.Unlock()
	d.changed()
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		d.work.Wait()
	}()
	limit := max(d.opts.DrainGrace, 0) + d.opts.DrainTimeout + endTime
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var err error
	select {
	case <-idle:
		if d.l.Connected() { // or nobody waits for answers
			answers, cancel := context.WithTimeout(ctx, endTime)
			defer cancel()
			err = d.services.drain(answers)
		}
		err = errors.Join(err, d.engine.Close(ctx))
	case <-timer.C:
		err = fmt.Errorf("calls that were under way after %v were cut off", limit)
	}
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	return err
}

// farewell says that the host has stopped, if it can be said.
func (d *Daemon) farewell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, endTime)
	defer cancel()
	var err error
	if d.l.Connected() {
		err = d.putReport(ctx)
		d.event(lattice.EventHostStopped, "", d.Report())
		err = errors.Join(err, d.ready.clear(ctx), d.shelf.clear(ctx), d.l.Flush(ctx))
	}
	if err != nil {
		d.log.WarnContext(ctx, "the lattice was not told that the host has stopped", "error", err)
	}
	d.log.InfoContext(ctx, "host stopped")
}
