package directory_test

import (
	"testing"
	"time"
)

// TestSaid asks when a host has last said that it is ready.
func TestSaid(t *testing.T) {
	inWorld(t, func(w *world) {
		id, other := host(0), host(1)
		if at := w.d.Said(id); !at.IsZero() {
			t.Errorf("it has said so at %v, before it was there", at)
		}
		r := readyOf("c", 1, id)
		w.setReady(id, r)
		first := w.d.Said(id)
		<-time.After(time.Minute)
		w.setReady(other, r) // not its own word
		if at := w.d.Said(id); first.IsZero() || !at.Equal(first) {
			t.Errorf("it has said so at %v and %v, want once", first, at)
		}
		w.setReady(id, r)
		if at := w.d.Said(id); at.Sub(first) != time.Minute {
			t.Errorf("it has said so again %v later, want a minute", at.Sub(first))
		}
	})
}
