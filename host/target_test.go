package host_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

const targetGuest = "component/testdata/target.wasm"

func target(t testing.TB, opts host.Options) *host.Target {
	t.Helper()
	return host.NewTarget(load(t, targetGuest), &opts)
}

func invoke(ctx context.Context, h lattice.Handler, iface, function string, args ...wit.Value) ([]wit.Value, error) {
	inv := &lattice.Invocation{Target: "target", Interface: iface, Function: function, Depth: lattice.DefaultDepth}
	return h.Call(ctx, inv, nil, args)
}

func TestTargetCall(t *testing.T) {
	h := target(t, host.Options{})
	for _, c := range []struct {
		iface, function string
		args            []wit.Value
		want            wit.Value
	}{
		{"test:link/target@1.3.0", "add", []wit.Value{uint32(1), uint32(2)}, uint32(3)},
		{"test:link/target@1.2.0", "add", []wit.Value{uint32(1), uint32(2)}, uint32(3)}, // the same track
		{"test:link/target@1.9.9", "echo", []wit.Value{"é"}, "é"},
		{"test:link/faults@1.0.0", "count", nil, uint32(1)},
		{"test:link/faults@1.0.0", "count", nil, uint32(1)}, // in another instance, or as in one
	} {
		got, err := invoke(t.Context(), h, c.iface, c.function, c.args...)
		if err != nil {
			t.Fatalf("%s %s: %v", c.iface, c.function, err)
		}
		if d := cmp.Diff([]wit.Value{c.want}, got); d != "" {
			t.Errorf("%s %s: %s", c.iface, c.function, d)
		}
	}
	if n := h.Metrics().Requests.Load(); n != 5 {
		t.Errorf("%d requests were counted, want 5", n)
	}
}

func TestTargetFunc(t *testing.T) {
	h := target(t, host.Options{})
	fn, err := h.Func(&lattice.Invocation{Target: "target", Interface: "test:link/target@1.0.0", Function: "add"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fn.Name+" "+fn.Signature(), "add func(a: u32, b: u32) -> u32"; got != want {
		t.Errorf("Func = %s, want %s", got, want)
	}
	for _, c := range [][2]string{{"test:link/target@2.0.0", "add"}, {"test:link/target@1.3.0", "sub"}, {"", "add"}, {"nonsense", "add"}} {
		_, err := h.Func(&lattice.Invocation{Target: "target", Interface: c[0], Function: c[1]})
		if !errors.Is(err, lattice.ErrNotFound) || !lattice.Undelivered(err) {
			t.Errorf("Func(%q, %q): error %v, want %v, undelivered", c[0], c[1], err, lattice.ErrNotFound)
		}
	}
}

func TestTargetFails(t *testing.T) {
	const faults = "test:link/faults@1.0.0"
	for _, c := range []struct {
		name, iface, function string
		args                  []wit.Value
		opts                  host.Options
		want                  error
		undelivered           bool
		says                  string
	}{
		{name: "no interface", iface: "test:none/x@1.0.0", function: "f", want: lattice.ErrNotFound, undelivered: true, says: "does not export the interface"},
		{name: "no function", iface: faults, function: "f", want: lattice.ErrNotFound, undelivered: true, says: `function "f"`},
		{name: "argument", iface: "test:link/target@1.3.0", function: "add", args: []wit.Value{"x", uint32(1)}, want: lattice.ErrInvalid, undelivered: true, says: "u32"},
		{name: "arguments", iface: "test:link/target@1.3.0", function: "add", want: lattice.ErrInvalid, undelivered: true, says: "0 values for 2"},
		{name: "trap", iface: faults, function: "trap", want: lattice.ErrTrapped, says: "unreachable"},
		{name: "time", iface: faults, function: "spin", opts: host.Options{Timeout: 20 * time.Millisecond}, want: context.DeadlineExceeded, says: "took too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := target(t, c.opts)
			_, err := invoke(t.Context(), h, c.iface, c.function, c.args...)
			if !errors.Is(err, c.want) || lattice.Undelivered(err) != c.undelivered || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, undelivered %v; want %v, undelivered %v, with %q", err, lattice.Undelivered(err), c.want, c.undelivered, c.says)
			}
			if n := h.Metrics().Running.Load() + h.Metrics().Waiting.Load(); n != 0 {
				t.Errorf("%d calls are still under way", n)
			}
		})
	}
}

func TestTargetCanceled(t *testing.T) {
	h := target(t, host.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	started := time.AfterFunc(10*time.Millisecond, cancel)
	defer started.Stop()
	_, err := invoke(ctx, h, "test:link/faults@1.0.0", "spin")
	if !errors.Is(err, context.Canceled) || lattice.Undelivered(err) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// TestTargetBusy fills the places with calls that spin, and has another one come.
func TestTargetBusy(t *testing.T) {
	h := target(t, host.Options{MaxConcurrent: 1, MaxQueue: -1})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan error)
	go func() {
		_, err := invoke(ctx, h, "test:link/faults@1.0.0", "spin")
		ended <- err
	}()
	for h.Metrics().Running.Load() == 0 {
		if ctx.Err() != nil {
			t.Fatal("the first call does not start")
		}
	}
	_, err := invoke(t.Context(), h, "test:link/faults@1.0.0", "count")
	if !errors.Is(err, lattice.ErrExhausted) || !lattice.Undelivered(err) {
		t.Errorf("a call too many: error %v, want %v, undelivered", err, lattice.ErrExhausted)
	}
	err = h.HTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), &lattice.Invocation{Target: "target"})
	if !errors.Is(err, lattice.ErrNotFound) || !lattice.Undelivered(err) {
		t.Errorf("HTTP of a component without it: error %v, want %v, undelivered", err, lattice.ErrNotFound)
	}
	cancel()
	<-ended
	if err := h.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = invoke(t.Context(), h, "test:link/faults@1.0.0", "count")
	if !errors.Is(err, lattice.ErrUnavailable) || !lattice.Undelivered(err) {
		t.Errorf("a call after Shutdown: error %v, want %v, undelivered", err, lattice.ErrUnavailable)
	}
}

// TestTargetHTTP has a target answer requests, and refuse them as an error where a
// server would answer 503.
func TestTargetHTTP(t *testing.T) {
	h := host.NewTarget(load(t, "../internal/guests/incoming_hello/guest.wasm"), nil)
	inv := &lattice.Invocation{Target: "hello", Interface: "wasi:http/incoming-handler@0.2.0", Function: "handle"}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.HTTP(w, r, inv); err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
		}
	}))
	defer srv.Close()
	resp, body, err := do(t, srv, "GET", "/", "")
	if err != nil || resp.StatusCode != http.StatusOK || body == "" {
		t.Fatalf("got %v, %q, %v", resp, body, err)
	}
	if err := h.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if resp, body, err = do(t, srv, "GET", "/", ""); err != nil || resp.StatusCode != http.StatusTeapot || !strings.Contains(body, "shutting down") {
		t.Errorf("after Shutdown: got %v, %q, %v", resp, body, err)
	}
}

// BenchmarkTarget is what a call costs above that of the component alone: an
// instance, the function and its call.
func BenchmarkTarget(b *testing.B) {
	c := load(b, targetGuest)
	ctx, cancel := context.WithTimeout(b.Context(), host.DefaultTimeout/2)
	defer cancel()
	args := []wit.Value{uint32(1), uint32(2)}
	b.Run("component", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			in, err := c.Instantiate(ctx, nil, component.Limits{Handles: host.DefaultMaxHandles})
			if err != nil {
				b.Fatal(err)
			}
			f, err := in.Func("test:link/target@1.3.0", "add")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.Call(ctx, args...); err != nil {
				b.Fatal(err)
			}
			in.Close()
		}
	})
	b.Run("target", func(b *testing.B) {
		h := host.NewTarget(c, nil)
		inv := &lattice.Invocation{Target: "target", Interface: "test:link/target@1.3.0", Function: "add"}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := h.Call(ctx, inv, nil, args); err != nil {
				b.Fatal(err)
			}
		}
	})
}
