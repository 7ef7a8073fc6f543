package daemon_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	runtime "github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/daemon"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
)

// TestFromElsewhere calls a host over the lattice.
func TestFromElsewhere(t *testing.T) {
	w := newWorld(t)
	w.start()
	hello, sum := w.upload("hello", hello), w.upload("sum", target)
	w.assign(hello)
	w.assign(sum)
	w.want(hello, sum)
	w.awaitRunning("hello", "sum")

	l := join(t, w.net, "caller")
	d := directory.New(l, lattice.DefaultName, w.verifier, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	defer func() { cancel(); <-done }()
	client, err := invoke.NewClient(l, lattice.DefaultName, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	r := invoke.NewRouter(client, d, nil, "")
	await := func(reason string, done func() bool) {
		t.Helper()
		deadline := time.After(patience)
		for changed := d.Changed(); !done(); changed = d.Changed() { // before the look, so that none is missed
			select {
			case <-changed:
			case <-deadline:
				t.Fatal(reason)
			}
		}
	}
	await("the directory does not know the host", func() bool { return len(d.Hosts("hello")) > 0 && len(d.Hosts("sum")) > 0 })
	if got, err := get(t, r, "hello", nil); err != nil || got.Body.String() != "hello" {
		t.Errorf("answered %v, %v", got, err)
	}
	if got, err := add(t, r, "sum", "test:link/target@1.2.0", 40, 2); err != nil || got != uint32(42) {
		t.Errorf("add is %v, %v, want 42", got, err)
	}
	if diff := cmp.Diff([]string{"test:link/faults@1.0.0", "test:link/target@1.3.0"}, slices.Sorted(slices.Values(d.Exports("sum")))); diff != "" {
		t.Errorf("exports (-want +got):\n%s", diff)
	}
	// A host that is gone from the lattice is not called.
	w.want(sum)
	w.awaitReady("hello", false)
	await("the directory still knows the host", func() bool { return len(d.Hosts("hello")) == 0 })
	if _, err := get(t, r, "hello", nil); !lattice.Undelivered(err) {
		t.Errorf("a component that has stopped: %v", err)
	}
}

// TestAway takes the connection from a host.
func TestAway(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	one, two := w.upload("one", hello), w.upload("two", echo)
	w.want(one)
	w.awaitRunning("one")
	w.net.Sever(w.key.User())
	w.says(h, "one", "hello")
	w.awaitLog("report not put")
	if health := h.Health(); health.OK || health.Connected {
		t.Errorf("health is %+v without a connection", health)
	}
	w.want(one, two) // unheard
	w.says(h, "one", "hello")
	w.net.Restore(w.key.User())
	w.awaitLog("reports are put again")
	w.awaitRunning("one", "two")
	w.awaitReady("two", true)
	if r, err := get(t, h.Router(), "two", strings.NewReader("echo")); err != nil || r.Body.String() != "echo" {
		t.Errorf("answered %v, %v", r, err)
	}
}

// TestStartsAway starts a host that has no connection from the beginning.
func TestStartsAway(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	w.want(w.upload("hello", hello))
	w.awaitRunning("hello")
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	w.net.Sever(w.key.User())
	h = w.start()
	for {
		if r, err := get(t, h.Router(), "hello", nil); err == nil && r.Body.String() == "hello" {
			break
		}
		if err := w.log.next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.net.Restore(w.key.User())
	w.awaitRunning("hello")
	w.awaitReady("hello", true)
}

// TestEndsAway ends a host that has lost its connection: it does so in time.
func TestEndsAway(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	w.want(w.upload("hello", hello))
	w.awaitRunning("hello")
	w.net.Sever(w.key.User())
	w.awaitLog("report not put")
	if err := h.stop(); err != nil {
		t.Error(err)
	}
}

// TestLeftovers finds that a host withdraws what it said before it was killed.
func TestLeftovers(t *testing.T) {
	w := newWorld(t)
	key := wire.ReadyKey(w.id, "gone")
	if _, err := w.bucket(w.buckets.Ready()).Put(t.Context(), key, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(w.id), "N", "NA", 1)[:56]
	if _, err := w.bucket(w.buckets.Ready()).Put(t.Context(), other+".gone", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	w.start()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := w.bucket(w.buckets.Ready()).Watch(ctx, key, func(e lattice.Entry) error {
		if e.Deleted {
			return errFound
		}
		return nil
	})
	if !errors.Is(err, errFound) {
		t.Errorf("what the host said before is still there: %v", err)
	}
	if _, err := w.bucket(w.buckets.Ready()).Get(t.Context(), other+".gone"); err != nil {
		t.Errorf("what another host says: %v", err)
	}
}

// events are those that a host publishes.
func (w *world) events() <-chan *lattice.Event {
	w.Helper()
	all := make(chan *lattice.Event, 1000)
	l := join(w, w.net, "listener")
	_, err := l.Subscribe(wire.Subjects{Lattice: lattice.DefaultName}.Events(), "", func(m *lattice.Message) {
		e, err := wire.DecodeEvent(m.Data)
		if err != nil {
			w.Error(err)
			return
		}
		if want := wire.Subjects.HostEvent(wire.Subjects{Lattice: lattice.DefaultName}, w.id, strings.TrimPrefix(e.Type, lattice.EventPrefix)); m.Subject != want {
			w.Errorf("event %s came on %s", e.Type, m.Subject)
		}
		all <- e
	})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

func TestEvents(t *testing.T) {
	w := newWorld(t)
	events := w.events()
	var got []string
	until := func(kind string) {
		t.Helper()
		for {
			select {
			case e := <-events:
				if e.Source != string(w.id) || e.SpecVersion != "1.0" || len(e.ID) != 32 || !json.Valid(e.Data) {
					t.Errorf("event is %+v", e)
				}
				got = append(got, strings.TrimSpace(strings.TrimPrefix(e.Type, lattice.EventPrefix)+" "+e.Subject))
				if strings.HasSuffix(e.Type, kind) {
					return
				}
			case <-time.After(patience):
				t.Fatalf("no event %s; there were %q", kind, got)
			}
		}
	}
	h := w.start()
	until(lattice.EventHostStarted)
	w.awaitState(lattice.HostReady)
	spec := w.upload("c", hello)
	w.want(spec)
	until(lattice.EventComponentStarted)
	spec.MaxInstances++
	w.want(spec)
	until(lattice.EventComponentScaled)
	broken := w.upload("c", relay)
	w.want(broken)
	until(lattice.EventComponentFailed)
	w.desired.Labels = map[string]string{"rack": "9"}
	w.put()
	until(lattice.EventHostLabels)
	w.desired.State = lattice.HostDrained
	w.put()
	until(lattice.EventComponentStopped)
	w.awaitState(lattice.HostDrained)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	until(lattice.EventHostStopped)
	want := []string{
		"host.started", "component.started c", "component.scaled c", "component.failed c", "host.labels", "component.stopped c", "host.stopped",
	}
	some := cmpopts.IgnoreSliceElements(func(s string) bool { return s == lattice.EventHostState })
	if diff := cmp.Diff(want, got, some); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// ask asks the host.
func (w *world) ask(endpoint, request string, answer any) *lattice.Message {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	m, err := w.l.Request(ctx, &lattice.Message{Subject: wire.Subjects{Lattice: lattice.DefaultName}.Endpoint(w.id, endpoint), Data: []byte(request)})
	if err != nil {
		w.Fatalf("%s: %v", endpoint, err)
	}
	if answer != nil {
		if err := json.Unmarshal(m.Data, answer); err != nil {
			w.Fatalf("%s: %q: %v", endpoint, m.Data, err)
		}
	}
	return m
}

func TestEndpoints(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	var shown []runtime.Line
	h := w.start(func(o *daemon.Options) {
		o.WASI.CLI.Stdin = &again{text: "ab"}
		o.Output = func(l runtime.Line) {
			mu.Lock()
			defer mu.Unlock()
			shown = append(shown, l)
		}
	})
	talk := w.upload("talk", stdio)
	w.want(talk)
	w.awaitRunning("talk")

	var report lattice.HostReport
	w.ask(daemon.EndpointReport, "", &report)
	if report.ID != w.id || len(report.Components) != 1 {
		t.Errorf("report is %+v", report)
	}
	var health daemon.Health
	w.ask(daemon.EndpointHealth, "", &health)
	if !health.OK || health.State != lattice.HostReady || health.ReportAge < 0 || health.Applied != w.desired.Stamp {
		t.Errorf("health is %+v", health)
	}
	var components []lattice.ComponentStatus
	w.ask(daemon.EndpointComponents, "", &components)
	if len(components) != 1 || components[0].ID != "talk" {
		t.Errorf("components are %+v", components)
	}

	// What was written before somebody asked is in the answer, and what is written
	// afterwards is published.
	lines := make(chan daemon.LogLine, 100)
	subjects := wire.Subjects{Lattice: lattice.DefaultName}
	if _, err := w.l.Subscribe(subjects.Log(w.id, "talk"), "", func(m *lattice.Message) {
		var line daemon.LogLine
		if err := json.Unmarshal(m.Data, &line); err != nil {
			t.Error(err)
		}
		lines <- line
	}); err != nil {
		t.Fatal(err)
	}
	run(t, h.Router())
	want := []daemon.LogLine{
		// The first instance showed that there can be one.
		{Host: w.id, Component: "talk", Instance: 2, Stream: "stdout", Text: "ab, to stdout"},
		{Host: w.id, Component: "talk", Instance: 2, Stream: "stderr", Text: "to stderr"},
	}
	ignore := cmpopts.IgnoreFields(daemon.LogLine{}, "Time")
	sorted := cmpopts.SortSlices(func(a, b daemon.LogLine) bool { return a.Text < b.Text })
	var reply daemon.LogReply
	w.ask(daemon.EndpointLogs, `{"component":"talk","seconds":1000000,"tail":10}`, &reply)
	if diff := cmp.Diff(want, reply.Lines, ignore, sorted); diff != "" || reply.Subject != subjects.Log(w.id, "talk") || reply.Seconds != 300 {
		t.Errorf("logs are %+v (-want +got):\n%s", reply, diff)
	}
	mu.Lock()
	if len(shown) != 2 {
		t.Errorf("%d lines were shown, want 2", len(shown))
	}
	mu.Unlock()
	if len(lines) != 0 {
		t.Errorf("%d lines were published before somebody asked", len(lines))
	}
	run(t, h.Router())
	got := []daemon.LogLine{<-lines, <-lines}
	for i := range want {
		want[i].Instance = 3
	}
	if diff := cmp.Diff(want, got, ignore, sorted); diff != "" {
		t.Errorf("published lines (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "{}", `{"component":"other"}`, `{"component":"talk","seconds":-1}`, `{"component":"talk","more":1}`, `{"component":"talk","tail":1e99}`} {
		if m := w.ask(daemon.EndpointLogs, bad, nil); m.Header.Get("Nats-Service-Error-Code") == "" {
			t.Errorf("logs of %q: %q %q, want an error", bad, m.Header, m.Data)
		}
	}
}

// again is an input that has the same text for each guest.
type again struct {
	text string
	end  bool
}

func (a *again) Read(b []byte) (int, error) {
	if a.end = !a.end; !a.end {
		return 0, io.EOF
	}
	return copy(b, a.text), nil
}

// run has the component talk talk.
func run(t *testing.T, i lattice.Invoker) {
	t.Helper()
	fn, err := wit.ParseSignature("func() -> result")
	if err != nil {
		t.Fatal(err)
	}
	fn.Name = "run"
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := i.Call(ctx, &lattice.Invocation{Target: "talk", Interface: "wasi:cli/run@0.2.0", Function: "run", Depth: 1}, fn, nil); err != nil {
		t.Fatal(err)
	}
}

// TestBuckets takes the buckets from under a host.
func TestBuckets(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	w.want(w.upload("hello", hello))
	w.awaitRunning("hello")
	w.awaitReady("hello", true)
	for _, name := range []string{w.buckets.Ready(), w.buckets.Hosts()} {
		b := w.bucket(name)
		entries, err := b.List(t.Context(), ">")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if err := b.Delete(t.Context(), e.Key); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.awaitRunning("hello") // by the next heartbeat
	w.awaitReady("hello", true)
	w.says(h, "hello", "hello")
}
