package daemon_test

import (
	"context"
	"errors"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/daemon"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/telemetry"
	"github.com/wattle-dev/wattle/lattice/telemetry/telemetrytest"
	"github.com/wattle-dev/wattle/wit"
)

// linkedGuest reads its configuration, and chooses among its links.
const linkedGuest = "../testdata/linked.wasm"

// front is a component of linkedGuest with links to some components, by names.
func (w *world) front(links map[lattice.LinkName]string) lattice.ComponentSpec {
	w.Helper()
	spec := w.upload("front", linkedGuest)
	spec.Links = linksTo(links)
	return spec
}

func linksTo(links map[lattice.LinkName]string) []lattice.Link {
	var all []lattice.Link
	for _, name := range []lattice.LinkName{"default", "one", "two"} {
		if to, ok := links[name]; ok {
			all = append(all, lattice.Link{Source: "front", Target: to, Name: name, Namespace: "test", Package: "link", Interfaces: []string{"target"}})
		}
	}
	return all
}

func (h *host) front(t *testing.T, function string, args ...wit.Value) (wit.Value, error) {
	t.Helper()
	inv := &lattice.Invocation{Target: "front", Function: function, Depth: lattice.DefaultDepth, Callers: []lattice.Caller{"operator/test"}}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	run := &wit.Func{Name: function}
	got, err := h.Router().Call(ctx, inv, run, args)
	if err != nil {
		return nil, err
	}
	return got[0], nil
}

// changed has a component be wanted with a change, and waits until it is.
func (w *world) changed(what string, spec *lattice.ComponentSpec, others ...lattice.ComponentSpec) {
	w.Helper()
	spec.Revision++
	w.want(append([]lattice.ComponentSpec{*spec}, others...)...)
	w.awaitComponent(spec.ID, what, func(c *lattice.ComponentStatus) bool {
		return c.Revision == spec.Revision && c.State == lattice.ComponentRunning && c.Next == nil
	})
}

// TestGrant changes the configuration and the links of a component that runs: its code
// is not loaded again.
func TestGrant(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	back := w.upload("back", target)
	front := w.front(map[lattice.LinkName]string{"default": "back", "one": "back", "two": "nobody"})
	front.Config = map[string]string{"key": "first"}
	w.want(front, back)
	w.awaitRunning("front")
	w.awaitRunning("back")
	around := func(want string) {
		t.Helper()
		got, err := h.front(t, "around", "key")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(wit.Value(wit.TupleValue{want, want}), got); d != "" {
			t.Errorf("configuration (-want +got):\n%s", d)
		}
	}
	around("first")
	front.Config = map[string]string{"key": "second"}
	w.changed("another value", &front, back)
	around("second")

	for _, c := range []struct {
		function, link string
		want           wit.Value
		fails          string
	}{
		{function: "by", link: "default", want: wit.ResultValue{Value: uint32(42)}},
		{function: "by", link: "one", want: wit.ResultValue{Value: uint32(42)}},
		{function: "by", link: "two", fails: "nobody"},
		{function: "by", link: "three", want: wit.ResultValue{Failed: true, Value: `there is no link "three" of test:link/target`}},
		{function: "by1", link: "one", want: uint32(42)},
		{function: "by1", link: "three", fails: "no such link"},
	} {
		got, err := h.front(t, c.function, c.link)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s %q = %v, %v, want an error with %q", c.function, c.link, got, err, c.fails)
			}
			continue
		}
		if d := cmp.Diff(c.want, got); d != "" || err != nil {
			t.Errorf("%s %q: %v (-want +got):\n%s", c.function, c.link, err, d)
		}
	}

	// The links go elsewhere.
	front.Links = linksTo(map[lattice.LinkName]string{"one": "nobody", "two": "back"})
	w.changed("other links", &front, back)
	if got, err := h.front(t, "by", "two"); err != nil || got != (wit.ResultValue{Value: uint32(42)}) {
		t.Errorf("the link that was to nobody: %v %v", got, err)
	}
	if _, err := h.front(t, "plain"); err == nil || !strings.Contains(err.Error(), "has to choose") {
		t.Errorf("a call of no link in particular: %v", err)
	}
	if n := strings.Count(w.log.String(), `msg="component runs"`); n != 2 {
		t.Errorf("%d components were loaded, want 2", n)
	}
}

// TestRevoked takes from a component what it cannot run without, and gives it back.
func TestRevoked(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	back := w.upload("back", target)
	front := w.front(map[lattice.LinkName]string{"default": "back"})
	w.want(front, back)
	w.awaitRunning("front")
	w.awaitRunning("back")
	front.Revision, front.Links = 2, nil
	w.want(front, back)
	c := w.awaitComponent("front", "not linked", func(c *lattice.ComponentStatus) bool { return c.State == lattice.ComponentFailed })
	for _, part := range []string{`imports "test:link/target@1.2.0"`, "interfaces: [target]", "wattle link put front"} {
		if !strings.Contains(c.Reason, part) {
			t.Errorf("the reason is %q, want %q in it", c.Reason, part)
		}
	}
	if _, err := h.front(t, "plain"); err == nil {
		t.Error("a component goes on with a link that was taken from it")
	}
	front.Links = linksTo(map[lattice.LinkName]string{"default": "back"})
	w.changed("linked again", &front, back)
	if got, err := h.front(t, "plain"); err != nil || got != uint32(42) {
		t.Errorf("linked again: %v %v", got, err)
	}
}

// safe has secrets.
type safe struct {
	mu     sync.Mutex
	values map[lattice.SecretRef]string
	kept   []lattice.SecretRef
}

func (s *safe) Get(_ context.Context, refs []lattice.SecretRef) (map[lattice.SecretRef]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range refs {
		if _, ok := s.values[ref]; !ok {
			return nil, errors.New("there is no secret " + string(ref.Name))
		}
	}
	return maps.Clone(s.values), nil
}

func (s *safe) Keep(refs []lattice.SecretRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = refs
}

func (s *safe) put(ref lattice.SecretRef, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[ref] = value
}

// TestSecrets has a component with a secret that is not there, then is, and then has a
// version that is not there: the last one goes on, and the report says why.
func TestSecrets(t *testing.T) {
	w := newWorld(t)
	s := &safe{values: map[lattice.SecretRef]string{}}
	w.start(func(o *daemon.Options) { o.Secrets = s })
	first, second := lattice.SecretRef{Name: "token", Version: 1}, lattice.SecretRef{Name: "token", Version: 2}
	spec := w.upload("hello", hello)
	spec.Secrets = map[string]lattice.SecretRef{"token": first}
	w.want(spec)
	c := w.awaitComponent("hello", "no secret", func(c *lattice.ComponentStatus) bool { return c.State == lattice.ComponentFailed })
	if !strings.Contains(c.Reason, "there is no secret token") {
		t.Errorf("the reason is %q", c.Reason)
	}
	s.put(first, "xyzzy")
	w.awaitRunning("hello")

	spec.Revision, spec.Secrets = 2, map[string]lattice.SecretRef{"token": second}
	w.want(spec)
	c = w.awaitComponent("hello", "no second version", func(c *lattice.ComponentStatus) bool {
		return c.Next != nil && c.Next.State == lattice.ComponentFailed
	})
	if c.State != lattice.ComponentRunning || c.Revision != 1 || !strings.Contains(c.Next.Reason, "there is no secret token") {
		t.Errorf("the component is %+v, next %+v; want the first revision to go on", c, c.Next)
	}
	s.put(second, "plugh")
	w.awaitComponent("hello", "the second version", func(c *lattice.ComponentStatus) bool { return c.Revision == 2 && c.Next == nil })
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := cmp.Diff([]lattice.SecretRef{second}, s.kept); d != "" {
		t.Errorf("what is kept (-want +got):\n%s", d)
	}
	for _, secret := range []string{"xyzzy", "plugh"} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// TestLimits has the limits of a specification be those of its calls.
func TestLimits(t *testing.T) {
	w := newWorld(t)
	c := new(telemetrytest.Collector)
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	tel, err := telemetry.New(t.Context(), telemetry.Options{Getenv: func(key string) string {
		return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": srv.URL, "OTEL_TRACES_EXPORTER": "none"}[key]
	}})
	if err != nil {
		t.Fatal(err)
	}
	h := w.start(func(o *daemon.Options) { o.Telemetry = tel })
	spec := w.upload("front", "../testdata/greedy.wasm")
	spec.Limits = lattice.Limits{MemoryBytes: 4 << 20, TableElements: 100, HostCalls: 1000, TimeoutMillis: 200, RequestBytes: 64, ResponseBytes: 64}
	w.want(spec)
	w.awaitRunning("front")
	for _, call := range []struct {
		function string
		args     []wit.Value
		want     wit.Value
		code     lattice.Code
		says     string
	}{
		{function: "memory", want: uint32(64)},
		{function: "demand", code: lattice.CodeExhausted, says: "at most 4194304 bytes of memory"},
		{function: "demand-table", code: lattice.CodeExhausted, says: "at most 100 elements of tables"},
		{function: "times", args: []wit.Value{uint32(1000)}, want: uint32(1000)},
		{function: "times", args: []wit.Value{uint32(1001)}, code: lattice.CodeExhausted, says: "at most 1000 calls of the host"},
		{function: "spin", code: lattice.CodeDeadline, says: "took too long"},
	} {
		got, err := h.front(t, call.function, call.args...)
		if call.code == "" && (err != nil || got != call.want) || call.code != "" && (lattice.CodeOf(err) != call.code || !strings.Contains(err.Error(), call.says)) {
			t.Errorf("%s%v = %v, %v, want %v, %q with %q", call.function, call.args, got, err, call.want, call.code, call.says)
		}
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	counted := map[string]float64{}
	for _, p := range c.Points() {
		if p.Name == "wattle.limit.exceeded" && p.Attributes["wattle.component"] == "front" {
			counted[p.Attributes["wattle.limit"]] = p.Value
		}
	}
	if d := cmp.Diff(map[string]float64{"memory": 1, "table-elements": 1, "host-calls": 1, "time": 1}, counted); d != "" {
		t.Errorf("limits that were exceeded, as measured (-want +got):\n%s", d)
	}
}

// TestVolume gives a component a directory of the host by its name.
func TestVolume(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	h := w.start(func(o *daemon.Options) {
		o.Volumes = map[string]capability.Volume{"data": {Dir: dir, ReadOnly: true}, "work": {Dir: dir}}
	})
	labels := w.await("labels", func(r *lattice.HostReport) bool { return r.Labels["volume.data"] != "" }).Labels
	if labels["volume.data"] != "ro" || labels["volume.work"] != "rw" {
		t.Errorf("labels are %v", labels)
	}
	spec := w.upload("front", traceGuest)
	spec.Capabilities = []lattice.Capability{{
		Kind: "filesystem", Name: lattice.DefaultLink, Namespace: "wasi", Package: "filesystem", Interfaces: []string{"preopens", "types"},
		Config: map[string]string{"/data": "volume:data"},
	}}
	w.want(spec)
	w.awaitRunning("front")
	if got, err := h.front(t, "file"); err != nil || got != uint32(256+20) { // no-entry
		t.Errorf("a file that is not there: %v %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mark"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := h.front(t, "file"); err != nil || got != uint32(0) {
		t.Errorf("a file that is there: %v %v", got, err)
	}
	spec.Capabilities[0].Config = map[string]string{"/data": "volume:elsewhere"}
	spec.Revision = 2
	w.want(spec)
	c := w.awaitComponent("front", "a volume that is not there", func(c *lattice.ComponentStatus) bool {
		return c.Next != nil && c.Next.State == lattice.ComponentFailed
	})
	if c.State != lattice.ComponentRunning || !strings.Contains(c.Next.Reason, "elsewhere") {
		t.Errorf("the component is %+v, next %+v", c, c.Next)
	}
	// What it is given is part of no revision: of the same one it is said as well.
	spec.Capabilities[0].Config = map[string]string{"/data": "volume:data"}
	w.want(spec)
	w.awaitComponent("front", "the volume again", func(c *lattice.ComponentStatus) bool { return c.Next == nil && c.Revision == 2 })
	spec.Capabilities[0].Config = map[string]string{"/data": "volume:nowhere"}
	w.want(spec)
	c = w.awaitComponent("front", "another that is not there", func(c *lattice.ComponentStatus) bool {
		return c.Next != nil && c.Next.State == lattice.ComponentFailed
	})
	if c.State != lattice.ComponentRunning || c.Revision != 2 || c.Next.Revision != 2 || !strings.Contains(c.Next.Reason, "nowhere") {
		t.Errorf("the component is %+v, next %+v", c, c.Next)
	}
	if got, err := h.front(t, "file"); err != nil || got != uint32(0) {
		t.Errorf("it goes on with what it had: %v %v", got, err)
	}
}

// TestTakenFromWhatRuns takes a directory from a component that runs without it as well,
// but whose probe is bad then: it goes on, and does not have the directory any more.
func TestTakenFromWhatRuns(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	spec := w.upload("front", traceGuest)
	spec.Capabilities = []lattice.Capability{{
		Kind: "filesystem", Name: lattice.DefaultLink, Namespace: "wasi", Package: "filesystem", Interfaces: []string{"preopens", "types"},
		Config: map[string]string{"/data": "memory"},
	}}
	spec.Probe = &lattice.Probe{Function: "leave-nothing"}
	w.want(spec)
	w.awaitComponent("front", "a probe that cannot be", func(c *lattice.ComponentStatus) bool { return c.State == lattice.ComponentFailed })
	spec.Probe, spec.Revision = &lattice.Probe{Function: "file"}, 2
	w.want(spec)
	w.awaitRunning("front")
	if got, err := h.front(t, "file"); err != nil || got != uint32(256+20) {
		t.Errorf("with a directory: %v %v", got, err)
	}
	spec.Capabilities, spec.Revision = nil, 3
	w.want(spec)
	w.awaitComponent("front", "no directory", func(c *lattice.ComponentStatus) bool {
		return c.Revision == 2 && c.Next != nil && strings.Contains(c.Next.Reason, "probe")
	})
	if _, err := h.front(t, "file"); lattice.CodeOf(err) != lattice.CodeTrapped {
		t.Errorf("without a directory: %v, want a guest that finds none", err)
	}
}
