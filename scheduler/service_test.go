package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// overBoth runs a test in memory and over NATS.
func overBoth(t *testing.T, f func(t *testing.T, l *lab)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { f(t, newLab(t)) })
	t.Run("nats", func(t *testing.T) { f(t, newNATSLab(t)) })
}

// A command changes what hosts are told and who may be called, and all is there
// when the answer is.
func TestService(t *testing.T) { overBoth(t, testService) }

func testService(t *testing.T, l *lab) {
	l.schedule()
	h := l.host(nil)
	events := make(chan *lattice.Message, 16)
	if _, err := l.lattice.Subscribe(wire.Subjects{Lattice: name}.Events(), "", func(m *lattice.Message) { events <- m }); err != nil {
		t.Fatal(err)
	}
	if err := l.lattice.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	result := l.start(&control.StartComponent{ID: "c", Ref: "./c.wasm", Digest: l.store(1), Routes: []lattice.Route{{Path: "/c"}}})
	if !result.Changed || len(result.Hosts) != 1 || result.Hosts[0].Host != h.id || result.Hosts[0].Why == "" {
		t.Errorf("result %+v, want a placement on %s with a reason", result, h.id)
	}
	d, a := l.desired(h), l.assignment("c")
	if d == nil || len(d.Components) != 1 || d.Components[0].Ref != "./c.wasm" || d.Stamp != result.Stamp {
		t.Errorf("desired %+v, want component c with the stamp of the answer", d)
	}
	if a == nil || !slices.Equal(a.Hosts(), []lattice.HostID{h.id}) || a.Stamp != result.Stamp {
		t.Errorf("assignment %+v, want host %s with the stamp of the answer", a, h.id)
	}
	e, err := wire.DecodeEvent((<-events).Data)
	if err != nil || e.Type != lattice.EventPrefix+lattice.EventComponentScaled || e.Subject != "c" || e.Source != "scheduler" {
		t.Errorf("event %+v, %v", e, err)
	}
	if _, err := l.do(t.Context(), &control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "1"}}); err != nil {
		t.Fatal(err)
	}
	if got := l.value(l.buckets.Config(), "cfg"); string(got) != `{"a":"1"}` {
		t.Errorf("config %s", got)
	}
	if _, err := l.do(t.Context(), &control.StopComponent{ID: "c"}); err != nil {
		t.Fatal(err)
	}
	if d := l.desired(h); d == nil || len(d.Components) != 0 {
		t.Errorf("desired %+v, want no components", d)
	}
	if a := l.assignment("c"); a != nil {
		t.Errorf("assignment %+v of a component that ended", a)
	}
}

// A binary that is not in the lattice is not started.
func TestBinaryMissing(t *testing.T) { overBoth(t, testBinaryMissing) }

func testBinaryMissing(t *testing.T, l *lab) {
	l.schedule()
	l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	_, err := l.do(t.Context(), &control.UpdateComponent{ID: "c", Ref: "r2", Digest: digest(2)})
	if !errors.Is(err, lattice.ErrNotFound) || !strings.Contains(err.Error(), "`wattle component push`") {
		t.Errorf("error %v, want %v with what to do", err, lattice.ErrNotFound)
	}
}

// What is not as it should be in the scheduler's buckets is written anew.
func TestTampering(t *testing.T) { overBoth(t, testTampering) }

func testTampering(t *testing.T, l *lab) {
	s := l.schedule()
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	if _, err := l.do(t.Context(), &control.PutLink{Link: link("c", "kv")}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.do(t.Context(), &control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "1"}}); err != nil {
		t.Fatal(err)
	}
	old := l.value(l.buckets.Desired(), string(h.id))
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: digest(1), MaxInstances: 3})
	forged, err := h.signer.Sign(l.buckets.Components(), "c", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	replayed, err := s.signer.Sign(l.buckets.Desired(), string(h.id), old)
	if err != nil {
		t.Fatal(err)
	}
	lk := link("c", "kv")
	for _, test := range []struct {
		bucket, key string
		value       []byte
	}{
		{l.buckets.Desired(), string(h.id), []byte("junk")},
		{l.buckets.Desired(), string(h.id), replayed},
		{l.buckets.Desired(), string(h.id), nil},
		{l.buckets.Components(), "c", forged},
		{l.buckets.Components(), "c", nil},
		{l.buckets.Links(), wire.LinkKey(&lk), []byte("junk")},
		{l.buckets.Links(), wire.LinkKey(&lk), nil},
		{l.buckets.Config(), "cfg", []byte("{}")},
		{l.buckets.Config(), "cfg", nil},
	} {
		b := l.bucket(s.lattice, test.bucket)
		want := l.value(test.bucket, test.key)
		if want == nil {
			t.Fatalf("%s %s is not there", test.bucket, test.key)
		}
		if test.value == nil {
			err = b.Delete(t.Context(), test.key)
		} else {
			_, err = b.Put(t.Context(), test.key, test.value)
		}
		if err != nil {
			t.Fatal(err)
		}
		l.eventually(fmt.Sprintf("%s %s after %.20q", test.bucket, test.key, test.value), func() string {
			got := l.value(test.bucket, test.key)
			if same(withoutStamp(got), withoutStamp(want)) {
				return ""
			}
			return fmt.Sprintf("have %s, want %s", got, want)
		})
	}
	// And it has all in mind still.
	if r, err := l.do(t.Context(), &control.ScaleComponent{ID: "c", MaxInstances: 4}); err != nil || !r.Changed {
		t.Errorf("scale: %+v, %v", r, err)
	}
	// What nobody asked for goes.
	strange := l.bucket(s.lattice, l.buckets.Components())
	if _, err := strange.Put(t.Context(), "stranger", []byte("junk")); err != nil {
		t.Fatal(err)
	}
	l.eventually("a component that nobody asked for", func() string {
		if _, err := strange.Get(t.Context(), "stranger"); !errors.Is(err, lattice.ErrNotFound) {
			return "it is there"
		}
		return ""
	})
}

// withoutStamp returns a document without its stamp.
func withoutStamp(value []byte) []byte {
	return regexp.MustCompile(`"stamp":\{[^}]*\}`).ReplaceAll(value, nil)
}

// Another service finds all that was asked of the one before it, and mends what
// went wrong while none was there.
func TestRestart(t *testing.T) { overBoth(t, testRestart) }

func testRestart(t *testing.T, l *lab) {
	s := l.schedule()
	h := l.host(nil)
	if _, err := l.do(t.Context(), &control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "1"}}); err != nil {
		t.Fatal(err)
	}
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1), Config: []lattice.ConfigName{"cfg"}, Routes: []lattice.Route{{Path: "/c"}}})
	s.stop()
	want := l.desired(h)
	for _, test := range []struct{ bucket, key, value string }{
		{l.buckets.Desired(), string(h.id), ""},
		{l.buckets.Components(), "c", "junk"},
		{l.buckets.Config(), "cfg", "junk"},
	} {
		b := l.bucket(s.lattice, test.bucket)
		var err error
		if test.value == "" {
			err = b.Delete(t.Context(), test.key)
		} else {
			_, err = b.Put(t.Context(), test.key, []byte(test.value))
		}
		if err != nil {
			t.Fatal(err)
		}
		s = l.schedule()
		d := l.desired(h)
		if d == nil || len(d.Components) != 1 || d.Stamp.Compare(want.Stamp) < 0 {
			t.Fatalf("after %s %s was lost: desired %+v, want component c and no older stamp than %+v", test.bucket, test.key, d, want.Stamp)
		}
		if c := d.Components[0]; c.Config["a"] != "1" || len(c.Routes) != 1 || c.Digest != digest(1) {
			t.Fatalf("after %s %s was lost: component %+v", test.bucket, test.key, c)
		}
		if a := l.assignment("c"); a == nil || !slices.Equal(a.Hosts(), []lattice.HostID{h.id}) {
			t.Fatalf("after %s %s was lost: assignment %+v", test.bucket, test.key, a)
		}
		r, err := l.do(t.Context(), &control.PutConfig{Config: "cfg", Values: lattice.Config{"a": "1"}})
		if err != nil || r.Changed {
			t.Fatalf("after %s %s was lost: config: %+v, %v", test.bucket, test.key, r, err)
		}
		s.stop()
	}
}

// Hosts take nothing that is older than what they were told by a scheduler whose
// log is gone: the new one goes on after it.
func TestStateLost(t *testing.T) { overBoth(t, testStateLost) }

func testStateLost(t *testing.T, l *lab) {
	l.schedule().stop()
	h := l.host(nil)
	told := lattice.Stamp{Term: 70, Index: 500}
	h.report.Applied = told
	l.says(h)
	l.dir = t.TempDir()
	l.schedule()
	l.says(h) // it was waited whether the one with the other log is still there
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	l.eventually("stamp", func() string {
		if d := l.desired(h); d == nil || d.Stamp.Compare(told) <= 0 {
			return fmt.Sprintf("desired %+v, want a stamp after %+v", d, told)
		}
		return ""
	})
	// What it says later is of no account.
	h.report.Applied = lattice.Stamp{Term: 1 << 40, Index: 1}
	l.says(h)
	r, err := l.do(t.Context(), &control.PutLabel{Host: h.id, Key: "k", Value: "v"})
	if err != nil || r.Stamp.Term >= 1<<40 {
		t.Errorf("label: %+v, %v, want no leap", r, err)
	}
}

// A scheduler whose log is empty does not stop what another one has had hosts run, unless
// it is told to. What says so says what to do.
func TestEmptyLog(t *testing.T) { overBoth(t, testEmptyLog) }

func testEmptyLog(t *testing.T, l *lab) {
	s := l.schedule()
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	s.stop()
	before := l.desired(h)
	l.dir = t.TempDir()
	s = l.schedule()
	_, err := l.do(t.Context(), &control.PutConfig{Config: "c"})
	if !errors.Is(err, lattice.ErrUnavailable) || !strings.Contains(err.Error(), "--begin-anew") || !strings.Contains(err.Error(), "wattle scheduler restore") {
		t.Errorf("error %v, want %v with what to do", err, lattice.ErrUnavailable)
	}
	if health := s.Health(); health.OK || len(health.Problems) != 1 {
		t.Errorf("health %+v, want a problem", health)
	}
	if d := l.desired(h); d == nil || d.Stamp != before.Stamp {
		t.Errorf("desired %+v, want it as it was", d)
	}
	s.stop()
	l.scheduleOn(l.creds(), nil, &scheduler.Options{BeginAnew: true})
	l.eventually("desired", func() string {
		if d := l.desired(h); d == nil || len(d.Components) != 0 || d.Stamp.Compare(before.Stamp) <= 0 {
			return fmt.Sprintf("desired %+v, want nothing, and newer than %+v", d, before.Stamp)
		}
		return ""
	})
	l.says(h)
	l.start(&control.StartComponent{ID: "d", Ref: "r", Digest: digest(1)})
}

// A host that ended as it was told may come back.
func TestStopOnce(t *testing.T) { overBoth(t, testStopOnce) }

func testStopOnce(t *testing.T, l *lab) {
	l.schedule()
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	if _, err := l.do(t.Context(), &control.SetHostState{Host: h.id, State: lattice.HostStopped}); err != nil {
		t.Fatal(err)
	}
	if d := l.desired(h); d == nil || d.State != lattice.HostStopped {
		t.Fatalf("desired %+v, want stopped", d)
	}
	if a := l.assignment("c"); a == nil || len(a.Hosts()) != 0 {
		t.Fatalf("assignment %+v, want no hosts", a)
	}
	h.report.State = lattice.HostStopped
	l.says(h)
	l.eventually("state", func() string {
		if d := l.desired(h); d == nil || d.State != lattice.HostReady || len(d.Components) != 1 {
			return fmt.Sprintf("desired %+v, want ready and component c", d)
		}
		return ""
	})
}

// Commands that somebody has JetStream deliver are not carried out.
func TestForgedCommand(t *testing.T) { overBoth(t, testForgedCommand) }

func testForgedCommand(t *testing.T, l *lab) {
	s := l.schedule()
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	data, err := control.Encode(&control.StopComponent{ID: "c"})
	if err != nil {
		t.Fatal(err)
	}
	subject := wire.Subjects{Lattice: name}.Control("component.stop")
	for _, m := range []*lattice.Message{
		{Subject: subject, Data: data},
		{Subject: subject, Data: data, Reply: "$JS.ACK.KV_x.c.1.1.1.1.0"},
		{Subject: subject, Data: data, Reply: l.lattice.NewInbox(), Header: lattice.Header{"Nats-Stream": {"KV_x"}}},
	} {
		if err := l.lattice.Publish(m); err != nil {
			t.Fatal(err)
		}
	}
	// This one comes after them.
	if _, err := l.do(t.Context(), &control.PutLabel{Host: h.id, Key: "k", Value: "v"}); err != nil {
		t.Fatal(err)
	}
	if l.assignment("c") == nil {
		t.Error("a forged command was carried out")
	}
	s.stop()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := l.do(ctx, &control.StopComponent{ID: "c"}); !errors.Is(err, lattice.ErrUnavailable) || !strings.Contains(err.Error(), "wattle up") {
		t.Errorf("without a scheduler: %v, want %v with what to do", err, lattice.ErrUnavailable)
	}
}
