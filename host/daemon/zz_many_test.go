package daemon_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/daemon"
	"github.com/wattle-dev/wattle/lattice"
)

func TestZZMany(t *testing.T) {
	file := os.Getenv("MANY")
	if file == "" {
		t.Skip()
	}
	w := newWorld(t)
	if os.Getenv("NATS") != "" {
		w, _, _ = newNATSWorld(t)
	}
	w.start(func(o *daemon.Options) { o.Heartbeat = time.Second })
	base := w.upload("x", file)
	w.want(base)
	w.awaitRunning("x")
	var all []lattice.ComponentSpec
	for i := range 1000 {
		c := base
		c.ID = lattice.ComponentID(fmt.Sprint("c-", i))
		all = append(all, c)
	}
	begin := time.Now()
	w.want(all...)
	w.await("all", func(r *lattice.HostReport) bool {
		n := 0
		for i := range r.Components {
			if r.Components[i].State == lattice.ComponentRunning {
				n++
			}
		}
		return n == 1000
	})
	took := time.Since(begin)
	t.Logf("%s: %v, %v each", file, took, took/1000)
}
