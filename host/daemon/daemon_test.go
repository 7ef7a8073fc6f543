package daemon_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/daemon"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

const incoming = "wasi:http/incoming-handler@0.2.0"

// get has a component answer a request.
func get(t testing.TB, i lattice.Invoker, id lattice.ComponentID, body io.Reader) (*httptest.ResponseRecorder, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://example.com/", body)
	err := i.HTTP(w, r, &lattice.Invocation{Target: id, Interface: incoming, Function: "handle", Depth: lattice.DefaultDepth, Callers: []lattice.Caller{"http"}})
	return w, err
}

func (w *world) says(h *host, id lattice.ComponentID, want string) {
	w.Helper()
	r, err := get(w, h.Router(), id, nil)
	if err != nil || r.Code != http.StatusOK || r.Body.String() != want {
		w.Fatalf("component %q answered %d %q, %v, want 200 %q", id, r.Code, r.Body.String(), err, want)
	}
}

// add has a component add numbers.
func add(t testing.TB, i lattice.Invoker, id lattice.ComponentID, iface string, a, b uint32) (wit.Value, error) {
	t.Helper()
	fn, err := wit.ParseSignature("func(a: u32, b: u32) -> u32")
	if err != nil {
		t.Fatal(err)
	}
	fn.Name = "add"
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	got, err := i.Call(ctx, &lattice.Invocation{
		Target: id, Interface: iface, Function: fn.Name, Depth: lattice.DefaultDepth, Callers: []lattice.Caller{"operator/test"},
	}, fn, []wit.Value{a, b})
	if err != nil {
		return nil, err
	}
	return got[0], nil
}

func TestRunsWhatIsDesired(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	r := w.awaitState(lattice.HostReady)
	want := map[string]string{"zone": "a", "arch": "arm64", "os": "linux", "cpu": "2", "memory": "1GiB", "isolation": "vm"}
	if diff := cmp.Diff(want, r.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if r.Name != "test" || r.Group != "edge" || r.Version != "1.2.3" || r.Every != 300 || r.Capacity.CPUs != 2 || r.Capacity.MemoryBytes != 1<<30 {
		t.Errorf("report is %+v", r)
	}
	w.await("load", func(r *lattice.HostReport) bool { return r.Load.MemoryBytes > 0 })

	spec := w.upload("hello", hello)
	spec.Annotations = map[string]string{"for": "people"}
	w.desired.Labels = map[string]string{"zone": "b", "rack": "7", "isolation": "kata"}
	w.want(spec)
	w.awaitRunning("hello")
	w.awaitReady("hello", true)
	w.says(h, "hello", "hello")
	c := w.awaitComponent("hello", "one call", func(c *lattice.ComponentStatus) bool { return c.Calls == 1 })
	if c.Digest != spec.Digest || c.Revision != 1 || c.MaxInstances != 8 || c.Ref != hello || c.Annotations["for"] != "people" || c.Reason != "" || c.Failures != 0 {
		t.Errorf("status is %+v", c)
	}
	r = w.await("applied", func(r *lattice.HostReport) bool { return r.Applied == w.desired.Stamp })
	want["zone"], want["rack"] = "b", "7" // and what is detected stays
	if diff := cmp.Diff(want, r.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if _, err := get(t, h.Router(), "other", nil); !lattice.Undelivered(err) {
		t.Errorf("a component that is not there: %v, want an error that says that nothing was delivered", err)
	}

	w.want()
	w.await("nothing runs", func(r *lattice.HostReport) bool { return len(r.Components) == 0 })
	w.awaitReady("hello", false)
	if _, err := get(t, h.Router(), "hello", nil); !lattice.Undelivered(err) {
		t.Errorf("a component that has stopped: %v, want an error that says that nothing was delivered", err)
	}
}

// TestUpdate changes a component under load: no call fails.
func TestUpdate(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	spec := w.upload("c", hello)
	w.want(spec)
	w.awaitRunning("c")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int)
	for range 2 {
		go func() {
			n := 0
			defer func() { done <- n }()
			for ctx.Err() == nil {
				r, err := get(t, h.Router(), "c", nil)
				if err != nil || r.Code != http.StatusOK {
					t.Errorf("call %d failed: %d %s, %v", n, r.Code, r.Body, err)
					return
				}
				n++
			}
		}()
	}
	next := w.upload("c", echo)
	for revision := uint64(2); revision < 8; revision++ {
		now := spec
		if revision%2 == 0 {
			now = next
		}
		now.Revision, now.MaxInstances = revision, 8+int(revision)
		w.want(now)
		w.awaitComponent("c", "updated", func(c *lattice.ComponentStatus) bool {
			return c.Revision == revision && c.State == lattice.ComponentRunning && c.MaxInstances == now.MaxInstances && c.Digest == now.Digest
		})
	}
	cancel()
	calls := int64(<-done + <-done)
	c := w.awaitComponent("c", "all calls", func(c *lattice.ComponentStatus) bool { return c.Calls == calls })
	if calls == 0 || c.Failures != 0 {
		t.Errorf("%d calls, status %+v", calls, c)
	}
}

// TestUpdateFails leaves what runs running.
func TestUpdateFails(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	spec := w.upload("c", hello)
	w.want(spec)
	w.awaitRunning("c")
	broken := w.upload("c", relay) // its import is served by nobody
	broken.Revision = 2
	w.want(broken)
	c := w.awaitComponent("c", "a reason", func(c *lattice.ComponentStatus) bool { return c.Next != nil && c.Next.Reason != "" })
	if c.State != lattice.ComponentRunning || c.Digest != spec.Digest || c.Revision != 1 || c.Reason != "" {
		t.Errorf("status is %+v, want what ran before", c)
	}
	if n := c.Next; n.State != lattice.ComponentFailed || n.Digest != broken.Digest || n.Revision != 2 || !strings.Contains(n.Reason, `imports "test:link/target@1.2.0"`) {
		t.Errorf("what is next is %+v, want why it is not there", n)
	}
	w.says(h, "c", "hello")
	spec.Revision = 3
	w.want(spec)
	w.awaitComponent("c", "no reason", func(c *lattice.ComponentStatus) bool { return c.Next == nil && c.Revision == 3 })
}

func TestFailures(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	missing := lattice.ComponentSpec{ID: "missing", Ref: "x", Digest: digestOf([]byte("x")), MaxInstances: 1}
	wrong := lattice.ComponentSpec{ID: "wrong", Ref: "x", Digest: digestOf([]byte("y")), MaxInstances: 1}
	w.object(wrong.Digest, []byte("z"))
	invalid := lattice.ComponentSpec{ID: "invalid", Ref: "x", Digest: digestOf([]byte("\x00asm\r\x00\x01\x00\xff")), MaxInstances: 1}
	w.object(invalid.Digest, []byte("\x00asm\r\x00\x01\x00\xff"))
	unlinked := w.upload("unlinked", relay)
	good := w.upload("good", hello)
	w.want(missing, wrong, invalid, unlinked, good)
	w.awaitRunning("good")
	for id, reason := range map[lattice.ComponentID]string{
		"missing": "not found in the lattice's object store", "wrong": "its digest is " + digestOf([]byte("z")),
		"invalid": "", "unlinked": "wattle link put unlinked TARGET test:link/target",
	} {
		c := w.awaitComponent(id, "failed", func(c *lattice.ComponentStatus) bool { return c.State == lattice.ComponentFailed })
		if c.Reason == "" || !strings.Contains(c.Reason, reason) {
			t.Errorf("component %q failed because of %q, want %q", id, c.Reason, reason)
		}
	}
	health := h.Health()
	if health.OK || len(health.Problems) != 4 {
		t.Errorf("health is %+v, want four problems", health)
	}
	// What was missing is found when it is there.
	w.object(missing.Digest, []byte("x"))
	w.awaitComponent("missing", "another reason", func(c *lattice.ComponentStatus) bool {
		return !strings.Contains(c.Reason, "object store") && c.Reason != ""
	})
}

// TestAskedAgain has what is not tried again by itself be asked for once more, under
// another number: that is tried.
func TestAskedAgain(t *testing.T) {
	w := newWorld(t)
	w.start()
	spec := w.upload("unlinked", relay)
	w.want(spec)
	failed := func(c *lattice.ComponentStatus) bool { return c.State == lattice.ComponentFailed }
	first := w.awaitComponent("unlinked", "failed", failed)
	spec.Revision++
	w.want(spec)
	again := w.awaitComponent("unlinked", "failed again", func(c *lattice.ComponentStatus) bool {
		return failed(c) && c.Revision == spec.Revision && c.Since.After(first.Since)
	})
	if again.Reason != first.Reason {
		t.Errorf("failed because of %q, then of %q", first.Reason, again.Reason)
	}
}

// TestLinks has a component call another over a link.
func TestLinks(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	front, back := w.upload("front", relay), w.upload("back", target)
	w.want(front, back)
	w.awaitRunning("back")
	w.awaitComponent("front", "failed", func(c *lattice.ComponentStatus) bool {
		return c.State == lattice.ComponentFailed && strings.Contains(c.Reason, `"test:link/target@1.2.0"`)
	})
	front.Links = []lattice.Link{{Source: "front", Target: "back", Name: lattice.DefaultLink, Namespace: "test", Package: "link", Interfaces: []string{"target"}}}
	front.Revision = 2
	w.want(front, back)
	w.awaitRunning("front")
	if got, err := add(t, h.Router(), "front", "", 40, 2); err != nil || got != uint32(42) {
		t.Fatalf("add is %v, %v, want 42", got, err)
	}
	// A link to nobody.
	front.Links = []lattice.Link{{Source: "front", Target: "nobody", Name: lattice.DefaultLink, Namespace: "test", Package: "link", Interfaces: []string{"target"}}}
	front.Revision = 3
	w.want(front, back)
	w.awaitComponent("front", "linked to nobody", func(c *lattice.ComponentStatus) bool { return c.Revision == 3 && c.State == lattice.ComponentRunning })
	if _, err := add(t, h.Router(), "front", "", 40, 2); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("a link to nobody: %v", err)
	}
	// A component that calls itself comes to an end.
	front.Links[0].Target = "front"
	front.Links[0].Interfaces = []string{"target", "more"}
	front.Revision = 4
	w.want(front, back)
	w.awaitComponent("front", "linked to itself", func(c *lattice.ComponentStatus) bool { return c.Revision == 4 && c.State == lattice.ComponentRunning })
	if _, err := add(t, h.Router(), "front", "", 40, 2); err == nil {
		t.Error("a link to a component that does not export the interface works")
	}
	// Two links for one interface.
	front.Links = []lattice.Link{
		{Source: "front", Target: "back", Name: "one", Namespace: "test", Package: "link", Interfaces: []string{"target"}},
		{Source: "front", Target: "back", Name: "two", Namespace: "test", Package: "link", Interfaces: []string{"target"}},
	}
	front.Revision = 5
	w.want(front, back)
	w.awaitComponent("front", "two links", func(c *lattice.ComponentStatus) bool {
		return c.Next != nil && strings.Contains(c.Next.Reason, `links "one" and "two" both serve`)
	})
}

// TestDocuments has the host see documents that do not count.
func TestDocuments(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	spec := w.upload("hello", hello)
	w.want(spec)
	w.awaitRunning("hello")
	good := w.sign(&w.desired)
	other := newWorld(t)
	empty := lattice.Desired{Lattice: lattice.DefaultName, Host: w.id, State: lattice.HostReady}
	for _, test := range []struct {
		name, logged string
		document     func() []byte
	}{
		{"nothing", "signed document", func() []byte { return nil }},
		{"not signed", "signed document", func() []byte { return []byte(`{"lattice":"default"}`) }},
		{"cut off", "signed document", func() []byte { return good[:len(good)-9] }},
		{"changed", "signature", func() []byte {
			return []byte(strings.Replace(string(good), `"max_instances":8`, `"max_instances":9`, 1))
		}},
		{"large", "signed document", func() []byte { return []byte(`{"value":"` + strings.Repeat("x", 500<<10) + `"`) }},
		{"of another scheduler", "", func() []byte {
			empty.Stamp = lattice.Stamp{Term: 8}
			other.id = w.id
			return other.sign(&empty)
		}},
		{"of another bucket", "", func() []byte {
			empty.Stamp = lattice.Stamp{Term: 9}
			was := w.buckets
			w.buckets.Lattice = "elsewhere"
			defer func() { w.buckets = was }()
			return w.sign(&empty)
		}},
		{"older", "older than", func() []byte {
			empty.Stamp = lattice.Stamp{Term: 0, Index: 1 << 60}
			return w.sign(&empty)
		}},
		{"of the same stamp", "of another document", func() []byte {
			empty.Stamp = w.desired.Stamp
			return w.sign(&empty)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := strings.Count(w.log.String(), "document ignored")
			w.putRaw(test.document())
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			for strings.Count(w.log.String(), "document ignored") == before {
				if err := w.log.next(ctx); err != nil {
					t.Fatalf("nothing was logged: %v", err)
				}
			}
			lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
			if last := lines[len(lines)-1]; !strings.Contains(last, test.logged) || !strings.Contains(last, "key="+string(w.id)) {
				t.Errorf("logged %q, want %q", last, test.logged)
			}
		})
	}
	if err := w.bucket(w.buckets.Desired()).Delete(t.Context(), string(w.id)); err != nil {
		t.Fatal(err)
	}
	w.awaitLog("desired document deleted")
	w.says(h, "hello", "hello")
	if r := h.Report(); r.Applied != w.desired.Stamp || len(r.Components) != 1 {
		t.Errorf("report is %+v, want what was there before", r)
	}
	// The host is able to do what is wanted next.
	w.want()
	w.await("nothing runs", func(r *lattice.HostReport) bool { return len(r.Components) == 0 })
}

// TestRestart starts a host from what it has kept, without the lattice's buckets.
func TestRestart(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	spec := w.upload("hello", hello)
	w.want(spec)
	w.awaitRunning("hello")
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	w.awaitState(lattice.HostStopped)
	w.awaitReady("hello", false)

	w.reset() // as after the loss of everything
	h = w.start()
	w.awaitLog("desired document cannot be followed")
	for {
		if r, err := get(t, h.Router(), "hello", nil); err == nil && r.Body.String() == "hello" {
			break
		}
		if err := w.log.next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.create()
	w.awaitRunning("hello")
	w.awaitReady("hello", true)
	w.want()
	w.await("nothing runs", func(r *lattice.HostReport) bool { return len(r.Components) == 0 })
}

// TestTampered has the host find a document on disk that is not the scheduler's.
func TestTampered(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	spec := w.upload("hello", hello)
	w.want(spec)
	w.awaitRunning("hello")
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.dir, "desired.json")
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(kept), `"index":1`, `"index":7`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(spec.Digest, "sha256:")
	if err := os.WriteFile(filepath.Join(w.dir, "artifacts", name+".wasm"), []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	h = w.start()
	w.awaitLog("desired document of the last run not used")
	w.awaitRunning("hello") // by the lattice's document
	w.awaitLog("artifact on disk not used")
	w.says(h, "hello", "hello")
	if r := h.Report(); r.Applied != w.desired.Stamp {
		t.Errorf("applied is %+v, want %+v", r.Applied, w.desired.Stamp)
	}
}

// TestNoPlace runs a host whose data directory takes nothing.
func TestNoPlace(t *testing.T) {
	w := newWorld(t)
	// Root may write to directories that are closed, but not to these.
	if err := os.Mkdir(filepath.Join(w.dir, "desired.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "artifacts"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := w.start()
	w.want(w.upload("hello", hello))
	w.awaitRunning("hello")
	w.says(h, "hello", "hello")
	w.awaitLog("desired document not stored")
	w.awaitLog("artifact not stored")
}

// held is a body that ends when the test says so.
func held(t *testing.T) (body io.Reader, finish func()) {
	t.Helper()
	r, w := io.Pipe()
	return io.MultiReader(strings.NewReader("first "), r), func() {
		_, _ = io.WriteString(w, "last")
		_ = w.Close()
	}
}

// TestDrain drains a host with a call under way, and has it be ready again.
func TestDrain(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	w.want(w.upload("echo", echo), w.upload("hello", hello))
	w.awaitRunning("echo", "hello")
	body, finish := held(t)
	answered := make(chan string, 1)
	go func() {
		r, err := get(t, h.Router(), "echo", body)
		if err != nil {
			t.Error(err)
		}
		answered <- r.Body.String()
	}()
	w.awaitComponent("echo", "one call", func(c *lattice.ComponentStatus) bool { return c.Running == 1 })

	w.desired.State = lattice.HostCordoned
	w.put()
	w.awaitState(lattice.HostCordoned)
	w.says(h, "hello", "hello") // what runs goes on

	w.desired.State = lattice.HostDrained
	w.put()
	w.awaitState(lattice.HostDraining)
	w.awaitReady("echo", false)
	w.awaitReady("hello", false)
	w.await("hello has stopped", func(r *lattice.HostReport) bool { return r.State == lattice.HostDraining && len(r.Components) == 1 })
	if _, err := get(t, h.Router(), "hello", nil); !lattice.Undelivered(err) {
		t.Errorf("a call of a host that drains: %v, want an error that says that nothing was delivered", err)
	}
	finish()
	if got := <-answered; got != "first last" {
		t.Errorf("the call under way was answered with %q", got)
	}
	w.awaitState(lattice.HostDrained)

	w.desired.State = lattice.HostReady
	w.put()
	w.awaitState(lattice.HostReady)
	w.awaitRunning("hello", "echo")
	w.awaitReady("hello", true)
	w.says(h, "hello", "hello")
}

// TestStop ends a host with a call under way.
func TestStop(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	w.want(w.upload("echo", echo))
	w.awaitRunning("echo")
	w.awaitReady("echo", true)
	body, finish := held(t)
	answered := make(chan string, 1)
	go func() {
		r, err := get(t, h.Router(), "echo", body)
		if err != nil {
			t.Error(err)
		}
		answered <- r.Body.String()
	}()
	w.awaitComponent("echo", "one call", func(c *lattice.ComponentStatus) bool { return c.Running == 1 })
	h.cancel()
	w.awaitReady("echo", false)
	w.awaitState(lattice.HostDraining)
	finish()
	if got := <-answered; got != "first last" {
		t.Errorf("the call under way was answered with %q", got)
	}
	if err := h.stop(); err != nil {
		t.Error(err)
	}
	w.awaitState(lattice.HostStopped)
}

// TestCutOff ends a host with a call that does not end.
func TestCutOff(t *testing.T) {
	w := newWorld(t)
	h := w.start(func(o *daemon.Options) { o.DrainTimeout = 10 * time.Millisecond })
	spec := w.upload("echo", echo)
	spec.Limits.TimeoutMillis = 1500
	w.want(spec)
	w.awaitRunning("echo")
	// A client that keeps the body of its request to itself.
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		inv := &lattice.Invocation{Target: "echo", Interface: incoming, Function: "handle", Depth: lattice.DefaultDepth}
		if err := h.Router().HTTP(rw, r, inv); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10\r\n\r\nabc"); err != nil {
		t.Fatal(err)
	}
	w.awaitComponent("echo", "one call", func(c *lattice.ComponentStatus) bool { return c.Running == 1 })
	if err := h.stop(); err != nil {
		t.Errorf("ended with %v, want nil: the call ends by its own time", err)
	}
	w.awaitLog("calls go on after the time to drain")
}

// TestOrderedStop has an operator stop the host.
func TestOrderedStop(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	w.want(w.upload("hello", hello))
	w.awaitRunning("hello")
	w.desired.State = lattice.HostStopped
	w.put()
	select {
	case err := <-h.done:
		h.done <- err
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("the host goes on")
	}
	w.awaitState(lattice.HostStopped)
	// Who starts it again finds it drained.
	w.start()
	w.awaitState(lattice.HostDrained)
	w.desired.State = lattice.HostReady
	w.put()
	w.awaitRunning("hello")
}

func TestOptions(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]func(*daemon.Options){
		"isolation": func(o *daemon.Options) { o.Labels = map[string]string{"isolation": "kata"} },
		"label":     func(o *daemon.Options) { o.Labels = map[string]string{"a b": "c"} },
		"lattice":   func(o *daemon.Options) { o.Lattice = "A" },
		"host":      func(o *daemon.Options) { o.ID = "N" },
		"group":     func(o *daemon.Options) { o.Group = "-" },
		"data":      func(o *daemon.Options) { o.DataDir = "" },
		"directory": func(o *daemon.Options) { o.DataDir = os.DevNull + "/x" },
		"verifier":  func(o *daemon.Options) { o.Verifier = nil },
	} {
		o := w.options()
		change(&o)
		if _, err := daemon.New(w.l, o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v, want one that names it", name, err)
		}
	}
}
