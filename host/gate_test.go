package host

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 1)
		err := g.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		second := make(chan error)
		go func() {
			err := g.enter(t.Context())
			second <- err
			time.Sleep(time.Second)
			g.leave()
		}()
		synctest.Wait()
		if err := g.enter(t.Context()); !errors.Is(err, errBusy) {
			t.Errorf("third: %v, want that it is busy", err)
		}
		select {
		case err := <-second:
			t.Errorf("second entered (%v) beside the first", err)
		default:
		}
		g.leave()
		if err := <-second; err != nil {
			t.Errorf("second: %v", err)
		}
		// One that waits gives up with its context, and its place with it.
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := g.enter(ctx); !errors.Is(err, errBusy) {
			t.Errorf("one whose context ended: %v, want that it is busy", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := g.close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close with somebody inside: %v, want that time ran out", err)
		}
		if err := g.enter(t.Context()); !errors.Is(err, errClosing) {
			t.Errorf("enter after close: %v, want that it is closing", err)
		}
		start := time.Now()
		if err := g.close(t.Context()); err != nil || time.Since(start) == 0 {
			t.Errorf("close: %v after %v, want it to wait for the last", err, time.Since(start))
		}
		if err := g.close(t.Context()); err != nil {
			t.Errorf("close again: %v", err)
		}
	})
}
