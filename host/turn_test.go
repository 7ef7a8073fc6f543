package host_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice"
)

// TestTurnWhileWaiting has guests that have run for long wait for the host, more of them
// than there are turns, and another one that runs for long: it need not wait for them.
func TestTurnWhileWaiting(t *testing.T) {
	const lines = 10_000 // after so many calls of the host a guest has run for long
	var all sync.WaitGroup
	reached, goOn := make(chan struct{}, 1), make(chan struct{})
	for range runtime.GOMAXPROCS(0) {
		var n atomic.Int64
		h := greedyTarget(t, greedy, host.Options{
			Limits: component.Limits{HostCalls: 2 * lines}, OutputRate: 1 << 30,
			Output: func(host.Line) {
				if n.Add(1) == lines {
					reached <- struct{}{}
					<-goOn
				}
			},
		})
		all.Go(func() {
			if _, err := invoke(t.Context(), h, "", "log"); lattice.CodeOf(err) != lattice.CodeExhausted {
				t.Errorf("a guest that had to wait: %v", err)
			}
		})
		<-reached
	}
	h := greedyTarget(t, greedy, host.Options{Timeout: time.Minute})
	if got, err := invoke(t.Context(), h, "", "times", uint32(1_000_000)); err != nil || got[0] != uint32(1_000_000) {
		t.Errorf("a guest that runs for long beside those that wait: %v, %v", got, err)
	}
	close(goOn)
	all.Wait()
}

// TestManySpin has many guests spin at once. Each is stopped by its deadline, those that
// wait for their turn as well, and while they do others answer.
func TestManySpin(t *testing.T) {
	const guests = 64
	bad := greedyTarget(t, greedy, host.Options{MaxConcurrent: guests, Timeout: 500 * time.Millisecond})
	good := greedyTarget(t, greedy, host.Options{})
	ended := make(chan error, guests)
	for range guests {
		go func() {
			_, err := invoke(context.Background(), bad, "", "spin")
			ended <- err
		}()
	}
	beside := 0
	for n := guests; n > 0; {
		if got, err := invoke(t.Context(), good, "", "quick"); err != nil || got[0] != uint32(7) {
			t.Fatalf("a good guest: %v, %v", got, err)
		}
		beside++
		select {
		case err := <-ended:
			if lattice.CodeOf(err) != lattice.CodeDeadline {
				t.Errorf("a guest that spins ended with %v", err)
			}
			n--
		default:
		}
	}
	t.Logf("%d calls were answered beside %d guests that spin", beside, guests)
	if n := bad.Metrics().Exceeded.Counts()[host.LimitTime]; n != guests {
		t.Errorf("%d guests were counted that took too long, want %d", n, guests)
	}
}
