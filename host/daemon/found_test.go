package daemon_test

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// TestRunsWhenFound has a component be called running only when callers find it: a
// scheduler has what it replaces be stopped then.
func TestRunsWhenFound(t *testing.T) {
	w := newWorld(t)
	w.reset()
	without := w.buckets.Ready()
	w.createBut(without)
	h := w.start()
	w.want(w.upload("hello", hello))
	w.awaitLog("component runs")
	w.awaitLog("readiness not put")
	w.awaitComponent("hello", "not found yet", func(c *lattice.ComponentStatus) bool {
		if c.State == lattice.ComponentRunning {
			t.Errorf("it is %+v before callers can find it", c)
			return true
		}
		return c.State == lattice.ComponentStarting && c.Reason != ""
	})
	w.says(h, "hello", "hello") // it runs all the same
	w.create()
	w.awaitRunning("hello")
	if w.revision(without, wire.ReadyKey(w.id, "hello")) == 0 {
		t.Error("it is said to run, and callers do not find it")
	}
}
