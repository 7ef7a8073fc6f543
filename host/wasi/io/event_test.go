package io_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/host/wasi/io"
)

// counted is a flag that counts its watchers.
type counted struct {
	io.Flag
	mu       sync.Mutex
	watchers int
}

func (c *counted) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers += n
}

func (c *counted) Watch(wake func()) func() {
	c.add(1)
	stop := c.Flag.Watch(wake)
	return func() {
		c.add(-1)
		stop()
	}
}

func TestWaitReturnsWhenOneIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a, b counted
		go func() {
			time.Sleep(time.Second)
			b.Set()
			b.Set()
		}()
		start := time.Now()
		if err := io.Wait(t.Context(), &a, &b, io.Timer(start.Add(time.Hour))); err != nil {
			t.Fatalf("Wait = %v", err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("Wait took %v, want 1s", took)
		}
		if a.Ready() || !b.Ready() {
			t.Errorf("Ready = %v, %v, want false, true", a.Ready(), b.Ready())
		}
		if a.watchers != 0 || b.watchers != 0 {
			t.Errorf("%d and %d watchers remain", a.watchers, b.watchers)
		}
	})
}

func TestWaitTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		late, soon := io.Timer(start.Add(time.Hour)), io.Timer(start.Add(time.Minute))
		if err := io.Wait(t.Context(), late, soon); err != nil {
			t.Fatalf("Wait = %v", err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("Wait took %v, want 1m", took)
		}
		if !soon.Ready() || late.Ready() {
			t.Errorf("Ready = %v, %v, want true, false", soon.Ready(), late.Ready())
		}
	})
}

func TestWaitEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("the operator lost patience")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
		defer cancel()
		var never counted
		if err := io.Wait(ctx, &never); !errors.Is(err, why) {
			t.Errorf("Wait = %v, want %v", err, why)
		}
		if never.watchers != 0 {
			t.Errorf("%d watchers remain", never.watchers)
		}
		if err := io.Wait(ctx, io.Always); err != nil {
			t.Errorf("Wait for what is ready = %v, want nil even when the context has ended", err)
		}
	})
}

// A guest can name one event in a list as often as it likes.
func TestWatchersComeAndGo(t *testing.T) {
	var w io.Watchers
	const n = io.MaxPoll
	woken := make([]int, n)
	stops := make([]func(), n)
	for i := range n {
		stops[i] = w.Watch(func() { woken[i]++ })
	}
	w.Wake()
	for i := 0; i < n; i += 2 {
		stops[i]()
		stops[i]() // a second time does nothing
	}
	w.Wake()
	for i := n - 1; i > 0; i -= 2 {
		stops[i]()
	}
	w.Wake()
	for i, got := range woken {
		if want := 1 + i%2; got != want {
			t.Fatalf("watcher %d was woken %d times, want %d", i, got, want)
		}
	}
}
