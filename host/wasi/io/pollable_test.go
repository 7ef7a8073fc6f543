package io

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		in := func(d time.Duration) *Pollable { return NewPollable(Timer(start.Add(d))) }
		a, b, c := in(3*time.Second), in(2*time.Second), in(time.Second)
		list := []*Pollable{a, c, b, c}
		for _, want := range [][]uint32{{1, 3}, {1, 2, 3}, {0, 1, 2, 3}} {
			got, err := poll(t.Context(), list)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("poll after %v (-want +got):\n%s", time.Since(start), diff)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestPollRefusesLists(t *testing.T) {
	if _, err := poll(t.Context(), nil); err == nil {
		t.Error("poll of an empty list does not trap")
	}
	if _, err := poll(t.Context(), make([]*Pollable, MaxPoll+1)); err == nil {
		t.Error("poll of too many pollables does not trap")
	}
}

func TestPollEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("drain")
	cancel(why)
	if _, err := poll(ctx, []*Pollable{NewPollable(&Flag{})}); !errors.Is(err, why) {
		t.Errorf("poll = %v, want %v", err, why)
	}
}

// A pollable of a stream that is gone is ready, whatever order handles are
// dropped in.
func TestPollableOutlivesStream(t *testing.T) {
	in := NewInputStream(FromReader(errReader{}, 1))
	out := NewOutputStream(NewPipe(1).Sink())
	if _, err := out.check(); err != nil {
		t.Fatal(err)
	}
	if err := out.write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	inPoll, _ := in.Subscribe(nil)
	outPoll, _ := out.Subscribe(nil)
	if ready, _ := outPoll.Ready(nil); ready {
		t.Error("a full output stream is ready")
	}
	in.Drop(t.Context())
	out.Drop(t.Context())
	for name, p := range map[string]*Pollable{"input": inPoll, "output": outPoll} {
		if ready, _ := p.Ready(nil); !ready {
			t.Errorf("pollable of a dropped %s stream is not ready", name)
		}
		if _, err := poll(t.Context(), []*Pollable{p}); err != nil {
			t.Errorf("poll of a dropped %s stream = %v", name, err)
		}
	}
}
