package clocks

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/io"
)

func TestMonotonic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := NewState(Options{}).since(origin(time.Now()))
		a, _ := clock.Now(nil)
		soon, _ := clock.SubscribeDuration(nil, uint64(time.Second))
		at, _ := clock.SubscribeInstant(nil, a+uint64(2*time.Second))
		past, _ := clock.SubscribeInstant(nil, 0)
		never, _ := clock.SubscribeDuration(nil, math.MaxUint64)
		end, _ := clock.SubscribeInstant(nil, math.MaxUint64)
		for _, want := range [][5]bool{
			{false, false, true, false, false},
			{true, false, true, false, false},
			{true, true, true, false, false},
		} {
			var got [5]bool
			got[0], _ = soon.Ready(nil)
			got[1], _ = at.Ready(nil)
			got[2], _ = past.Ready(nil)
			got[3], _ = never.Ready(nil)
			got[4], _ = end.Ready(nil)
			if now, _ := clock.Now(nil); got != want {
				t.Errorf("after %v ready are %v, want %v", time.Duration(now-a), got, want)
			}
			time.Sleep(time.Second)
		}
		if b, _ := clock.Now(nil); b-a != uint64(3*time.Second) {
			t.Errorf("3s later the clock is %v on", time.Duration(b-a))
		}
		if r, _ := clock.Resolution(nil); r != 1 {
			t.Errorf("resolution = %d ns, want 1", r)
		}
	})
}

func TestWall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Millisecond)
		now, _ := NewState(Options{}).wall.Now(nil)
		// A bubble starts in the first second of 2000.
		if want := (Datetime{Seconds: 946684800, Nanoseconds: 1e6}); now != want {
			t.Errorf("now = %+v, want %+v", now, want)
		}
	})
	if got := FromTime(time.Unix(-1, 5), 0); got != (Datetime{}) {
		t.Errorf("a time before 1970 = %+v, want 1970", got)
	}
}

// Both clocks show multiples of the resolution, change at the same moments, and go on.
func TestResolution(t *testing.T) {
	for _, resolution := range []time.Duration{time.Microsecond, time.Millisecond, 20 * time.Millisecond, 300 * time.Millisecond, time.Second} {
		t.Run(resolution.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(123456789) // the clock is defined at no round time
				s := NewState(Options{Resolution: resolution})
				clock := s.since(origin(time.Now()))
				if r, _ := clock.Resolution(nil); r != uint64(resolution) {
					t.Errorf("resolution of the monotonic clock = %d ns", r)
				}
				if r, _ := s.wall.Resolution(nil); time.Duration(r.Seconds)*time.Second+time.Duration(r.Nanoseconds) != resolution {
					t.Errorf("resolution of the wall clock = %+v", r)
				}
				aligned := time.Second%resolution == 0
				last, lastWall := uint64(0), Datetime{}
				for range 2000 {
					now, _ := clock.Now(nil)
					wall, _ := s.wall.Now(nil)
					ns := wall.Seconds*uint64(time.Second) + uint64(wall.Nanoseconds)
					switch late := time.Since(time.Unix(0, int64(ns))); {
					case now%uint64(resolution) != 0:
						t.Fatalf("the monotonic clock shows %d ns", now)
					case aligned && ns%uint64(resolution) != 0:
						t.Fatalf("the wall clock shows %+v", wall)
					case late < 0 || late >= resolution:
						t.Fatalf("the wall clock is %v late", late)
					case now < last:
						t.Fatalf("the monotonic clock goes back from %d to %d", last, now)
					case aligned && last != 0 && (now == last) != (wall == lastWall):
						t.Fatal("the clocks change at different moments")
					}
					last, lastWall = now, wall
					time.Sleep(333_333)
				}
			})
		})
	}
}

// A timer tells no more than the clock, and never comes early: by the guest's clock, or
// by the time that has passed.
func TestTimersAreRounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const resolution = 100 * time.Millisecond
		for _, offset := range []time.Duration{0, 1, 50 * time.Millisecond, resolution - 1} {
			clock := NewState(Options{Resolution: resolution}).since(time.Now())
			time.Sleep(offset)
			begun := time.Now()
			before, _ := clock.Now(nil)
			for _, d := range []time.Duration{0, 1, 10 * time.Millisecond, resolution, resolution + 1} {
				duration, _ := clock.SubscribeDuration(nil, uint64(d))
				instant, _ := clock.SubscribeInstant(nil, before+uint64(d))
				var durationAt, instantAt time.Duration = -1, -1
				for step := time.Duration(0); durationAt < 0 || instantAt < 0; step += 5 * time.Millisecond {
					if step > 3*resolution {
						t.Fatalf("timers of %v, %v after a tick, are not ready after %v", d, offset, step)
					}
					now, _ := clock.Now(nil)
					if ok, _ := duration.Ready(nil); ok && durationAt < 0 {
						durationAt = time.Since(begun)
						if d > 0 && (time.Since(begun) < d || now-before < uint64(d)) {
							t.Errorf("a timer of %v, %v after a tick, is ready after %v, and %v by the guest's clock", d, offset, time.Since(begun), time.Duration(now-before))
						}
					}
					if ok, _ := instant.Ready(nil); ok && instantAt < 0 {
						instantAt = time.Since(begun)
						if now < before+uint64(d) {
							t.Errorf("a timer of an instant in %v, %v after a tick, is ready when the clock shows %v", d, offset, time.Duration(now-before))
						}
					}
					time.Sleep(5 * time.Millisecond)
				}
				if d == 0 && (durationAt != 0 || instantAt != 0) {
					t.Errorf("what has passed is ready after %v and %v", durationAt, instantAt)
				}
				begun = time.Now()
				before, _ = clock.Now(nil)
			}
			// Nothing comes round.
			end, _ := clock.SubscribeInstant(nil, math.MaxUint64)
			never, _ := clock.SubscribeDuration(nil, math.MaxUint64)
			for _, p := range []interface {
				Ready(*component.Call) (bool, error)
			}{end, never} {
				if ok, _ := p.Ready(nil); ok {
					t.Error("a timer in 292 years is ready")
				}
			}
		}
	})
}

// Many timers that are asked at once come at ticks: they are no finer clock.
func TestTimersComeAtTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const resolution = 10 * time.Millisecond
		clock := NewState(Options{Resolution: resolution}).since(time.Now())
		time.Sleep(3 * time.Millisecond)
		var timers []*io.Pollable
		for i := range uint64(100) {
			p, _ := clock.SubscribeDuration(nil, (i+1)*uint64(time.Millisecond)/10)
			timers = append(timers, p)
		}
		for range 200 {
			ready := 0
			for _, p := range timers {
				if ok, _ := p.Ready(nil); ok {
					ready++
				}
			}
			now, _ := clock.Now(nil)
			want := map[uint64]int{0: 0, 1: 70}[now/uint64(resolution)] // of 7 ms until the tick
			if now >= 2*uint64(resolution) {
				want = 100
			}
			if ready != want {
				t.Fatalf("when the clock shows %v, %d timers are ready, want %d", time.Duration(now), ready, want)
			}
			time.Sleep(100 * time.Microsecond)
		}
	})
}
