package scheduler_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// Somebody who may do anything deletes what the scheduler has made, some of it and
// all of it: it is made anew, and what was in it is there again.
func TestDeleted(t *testing.T) {
	server, err := natsserver.Start(t.Context(), natsserver.Options{StoreDir: t.TempDir(), Port: -1, Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Shutdown(context.Background()) })
	nc, err := nats.Connect("", nats.InProcessServer(server), nats.Token("t"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	l := labOn(t, trusttest.Keyring(t), func(trust.Role, *trust.Creds) lattice.Lattice {
		c, err := natslattice.Connect(t.Context(), natslattice.Options{InProcess: server, Token: "t"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	})
	l.schedule()
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	for i := range 20 { // revisions that the new buckets do not have for a while
		if _, err := l.do(t.Context(), &control.PutLabel{Host: h.id, Key: "n", Value: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.do(t.Context(), &control.PutConfig{Config: "settings", Values: lattice.Config{"a": "1"}}); err != nil {
		t.Fatal(err)
	}
	kv := func(name string) string { return "KV_" + name }
	all := []string{
		kv(l.buckets.Scheduler()), kv(l.buckets.Desired()), kv(l.buckets.Components()), kv(l.buckets.Config()), kv(l.buckets.Links()),
		kv(l.buckets.Hosts()), kv(l.buckets.Ready()), "OBJ_" + l.buckets.Artifacts(), l.buckets.Events(),
	}
	scale := 1
	for _, streams := range [][]string{{kv(l.buckets.Desired()), l.buckets.Events()}, all} {
		t.Logf("%q are deleted", streams)
		before := map[string]time.Time{}
		for _, name := range streams {
			s, err := js.Stream(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			before[name] = s.CachedInfo().Created
		}
		deleted := time.Now()
		for _, name := range streams {
			if err := js.DeleteStream(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		l.eventually("what was deleted", func() string {
			for _, name := range streams {
				if s, err := js.Stream(t.Context(), name); err != nil || !s.CachedInfo().Created.After(before[name]) {
					return fmt.Sprintf("stream %q: %v", name, err)
				}
			}
			d, a := l.desired(h), l.assignment("c")
			switch {
			case d == nil || len(d.Components) != 1 || d.Labels["n"] != "19":
				return fmt.Sprintf("desired %+v", d)
			case a == nil || !slices.Equal(a.Hosts(), []lattice.HostID{h.id}):
				return fmt.Sprintf("assignment %+v", a)
			case l.value(l.buckets.Config(), "settings") == nil:
				return "the configuration is not there"
			}
			return ""
		})
		t.Logf("back after %v", time.Since(deleted).Round(100*time.Millisecond))
		l.says(h)
		// Commands go on.
		for range 6 {
			scale++
			l.eventually("scale", func() string {
				r, err := l.do(t.Context(), &control.ScaleComponent{ID: "c", MaxInstances: scale})
				if err != nil || r.Stamp.Index == 0 {
					return fmt.Sprintf("%+v, %v", r, err)
				}
				return ""
			})
			l.eventually("desired after scale", func() string {
				l.obeys(h)
				if d := l.desired(h); d == nil || d.Components[0].MaxInstances != scale {
					return fmt.Sprintf("desired %+v", d)
				}
				return ""
			})
		}
	}
}
