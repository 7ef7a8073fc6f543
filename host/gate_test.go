package host

import (
	"context"
	"errors"
	"sync"
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

// TestGateResize has more and fewer be let in while some wait, in their order.
func TestGateResize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 8)
		entered := make(chan int, 8)
		for i := range 5 {
			go func() {
				if err := g.enter(t.Context()); err != nil {
					t.Error(err)
				}
				entered <- i
			}()
			synctest.Wait()
		}
		want := func(n int) {
			t.Helper()
			synctest.Wait()
			if len(entered) != n {
				t.Errorf("%d are inside, want %d", len(entered), n)
			}
		}
		want(1)
		g.resize(2, 8)
		want(2)
		g.resize(3, 8)
		want(3)
		g.resize(1, 1)
		g.leave()
		g.leave() // as many as may run are left, and two wait
		want(3)
		if err := g.enter(t.Context()); !errors.Is(err, errBusy) {
			t.Errorf("enter with more waiting than may: %v, want that it is busy", err)
		}
		g.leave()
		want(4)
		g.leave()
		want(5)
		g.leave()
		if err := g.close(t.Context()); err != nil {
			t.Error(err)
		}
		for i := range 5 {
			if got := <-entered; got != i {
				t.Errorf("%d was let in as number %d", got, i)
			}
		}
	})
}

// TestGateLeavesNoPlaceBehind has requests give up while places become free, at all
// times at once: no place is lost.
func TestGateLeavesNoPlaceBehind(t *testing.T) {
	g := newGate(2, 64)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				go cancel()
				if g.enter(ctx) == nil {
					g.leave()
				}
				if i%50 == 0 {
					g.resize(1+i%3, 64)
				}
				cancel()
			}
		})
	}
	all.Wait()
	g.resize(2, 0)
	for range 2 {
		if err := g.enter(t.Context()); err != nil {
			t.Fatalf("a place was lost: %v", err)
		}
	}
	if err := g.enter(t.Context()); !errors.Is(err, errBusy) {
		t.Errorf("there is a place too many: %v", err)
	}
}
