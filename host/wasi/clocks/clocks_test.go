package clocks

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestMonotonic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := newMonotonic()
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
		if r, _ := clock.Resolution(nil); r == 0 {
			t.Error("resolution = 0")
		}
	})
}

func TestWall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Millisecond)
		now, _ := wall{}.Now(nil)
		// A bubble starts in the first second of 2000.
		if want := (Datetime{Seconds: 946684800, Nanoseconds: 1e6}); now != want {
			t.Errorf("now = %+v, want %+v", now, want)
		}
	})
	if got := FromTime(time.Unix(-1, 5)); got != (Datetime{}) {
		t.Errorf("a time before 1970 = %+v, want 1970", got)
	}
}
