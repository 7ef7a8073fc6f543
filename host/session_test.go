package host_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

const mcpGuest = "../internal/guests/incoming_mcp/guest.wasm"

// ask has a session call a tool, and returns the text that came back.
func ask(t *testing.T, s *host.Session, tool string) (*httptest.ResponseRecorder, error) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/modern", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+tool+`"}}`))
	r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w := httptest.NewRecorder()
	return w, s.HTTP(w, r.WithContext(ctx), &lattice.Invocation{Target: "c", Interface: "x", Function: "handle"})
}

func session(t *testing.T, target *host.Target) *host.Session {
	t.Helper()
	s := target.NewSession()
	t.Cleanup(s.Close)
	return s
}

// count calls a function that counts in the memory of its instance.
func count(ctx context.Context, s *host.Session) (wit.Value, error) {
	got, err := s.Call(ctx, &lattice.Invocation{Target: "c", Interface: "test:link/faults@1.0.0", Function: "count"}, nil, nil)
	if err != nil {
		return nil, err
	}
	return got[0], nil
}

// TestSession has an instance answer one call after another, and no other one.
func TestSession(t *testing.T) {
	h := target(t, host.Options{})
	one, two := session(t, h), session(t, h)
	for i := range uint32(3) {
		if got, err := count(t.Context(), one); err != nil || got != i+1 {
			t.Fatalf("count is %v, %v, want %d", got, err, i+1)
		}
	}
	if got, err := count(t.Context(), two); err != nil || got != uint32(1) {
		t.Errorf("count of another session is %v, %v, want 1", got, err)
	}
	if one.Memory() == 0 || one.Gone() != "" {
		t.Errorf("the session has %d bytes of memory, and is gone: %q", one.Memory(), one.Gone())
	}
	_, err := one.Call(t.Context(), &lattice.Invocation{Interface: "test:link/target@1.3.0", Function: "add"}, nil, []wit.Value{"x"})
	if !errors.Is(err, lattice.ErrInvalid) || !lattice.Undelivered(err) || one.Gone() != "" {
		t.Errorf("a call with a wrong argument: %v, gone: %q", err, one.Gone())
	}
	one.Close()
	if _, err := count(t.Context(), one); !lattice.Undelivered(err) || !errors.Is(err, lattice.ErrUnavailable) || one.Memory() != 0 {
		t.Errorf("a call of a closed session: %v; it has %d bytes", err, one.Memory())
	}
}

// TestSessionHTTP has an instance answer requests, and late answers to earlier ones.
func TestSessionHTTP(t *testing.T) {
	s := session(t, host.NewTarget(load(t, mcpGuest), &host.Options{}))
	for _, want := range []string{`"text":"1"`, `"text":"2"`} {
		if w, err := ask(t, s, "count"); err != nil || !strings.Contains(w.Body.String(), want) {
			t.Errorf("answered %s, %v, want %s", w.Body, err, want)
		}
	}
	first, err := ask(t, s, "keep")
	if err == nil || first.Body.Len() > 0 {
		t.Errorf("no answer is %q, %v", first.Body, err)
	}
	if w, err := ask(t, s, "kept"); err != nil || !strings.Contains(w.Body.String(), `"text":"done"`) {
		t.Errorf("after an answer to another request: %s, %v", w.Body, err)
	}
	half, err := ask(t, s, "leaves")
	if err == nil || half.Body.String() != "{" {
		t.Errorf("half of an answer is %q, %v", half.Body, err)
	}
	if w, err := ask(t, s, "left"); err != nil || !strings.Contains(w.Body.String(), `"text":"closed"`) {
		t.Errorf("after the rest of another answer: %s, %v", w.Body, err)
	}
	if first.Body.Len() > 0 || half.Body.String() != "{" {
		t.Errorf("requests that were over were answered: %q, %q", first.Body, half.Body)
	}
}

// TestSessionFails has an instance fail: the session ends, and the target goes on.
func TestSessionFails(t *testing.T) {
	for _, c := range []struct {
		tool string
		opts host.Options
		want error
	}{
		{tool: "trap", want: lattice.ErrTrapped},
		{tool: "late", want: lattice.ErrTrapped},
		{tool: "spin", opts: host.Options{Timeout: 50 * time.Millisecond}, want: context.DeadlineExceeded},
		{tool: "endless", opts: host.Options{MaxResponse: 1 << 10}, want: lattice.ErrTrapped}, // it says that it cannot write
	} {
		h := host.NewTarget(load(t, mcpGuest), &c.opts)
		s := session(t, h)
		if _, err := ask(t, s, c.tool); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.tool, err, c.want)
		}
		if _, err := ask(t, s, "count"); !lattice.Undelivered(err) || !errors.Is(err, lattice.ErrUnavailable) || s.Gone() == "" || s.Memory() != 0 {
			t.Errorf("after %s: %v, gone: %q, memory %d", c.tool, err, s.Gone(), s.Memory())
		}
		if w, err := ask(t, session(t, h), "count"); err != nil || !strings.Contains(w.Body.String(), `"text":"1"`) {
			t.Errorf("another session after %s: %s, %v", c.tool, w.Body, err)
		}
		if n := h.Metrics().Running.Load(); n != 0 || h.Metrics().Failed.Load() != 1 {
			t.Errorf("%d calls run, %d have failed", n, h.Metrics().Failed.Load())
		}
	}
}

// TestSessionLimits has what an instance may do in a call be counted for each.
func TestSessionLimits(t *testing.T) {
	const times = 300
	s := session(t, host.NewTarget(load(t, "testdata/greedy.wasm"), &host.Options{Limits: component.Limits{HostCalls: 2 * times}}))
	call := func(n uint32) error {
		_, err := s.Call(t.Context(), &lattice.Invocation{Function: "times"}, nil, []wit.Value{n})
		return err
	}
	for i := range uint32(5) { // it counts on
		if err := call((i + 1) * times); err != nil {
			t.Fatal(err)
		}
	}
	if err := call(8 * times); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("more calls of the host than are allowed: %v", err)
	}
}

// TestSessionSupply has a session end when the component is given something else.
func TestSessionSupply(t *testing.T) {
	h := target(t, host.Options{})
	done := make(chan struct{})
	h.Supply(wasi.Options{}, func() { close(done) })
	s, unused := session(t, h), session(t, h)
	if _, err := count(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	h.Supply(wasi.Options{}, nil)
	select {
	case <-done:
		t.Error("what the session has was taken from it")
	default:
	}
	if _, err := count(t.Context(), s); !lattice.Undelivered(err) || s.Gone() == "" {
		t.Errorf("a call with what was replaced: %v, gone: %q", err, s.Gone())
	}
	s.Close()
	select {
	case <-done:
	case <-t.Context().Done():
	}
	if got, err := count(t.Context(), unused); err != nil || got != uint32(1) {
		t.Errorf("a session that began later: %v, %v", got, err)
	}
}

// TestSessionClosed closes a session while a call is under way, and others wait.
func TestSessionClosed(t *testing.T) {
	c := load(t, mcpGuest)
	h := host.NewTarget(c, &host.Options{})
	s := session(t, h)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began := make(chan struct{})
	ended := make(chan error)
	go func() {
		r := httptest.NewRequest(http.MethodPost, "/modern", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"endless"}}`))
		r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
		ended <- s.HTTP(&first{ResponseRecorder: httptest.NewRecorder(), began: began}, r.WithContext(ctx), &lattice.Invocation{Target: "c"})
	}()
	<-began
	waiting := make(chan error, host.MaxSessionQueue)
	for range host.MaxSessionQueue {
		go func() {
			_, err := ask(t, s, "count")
			waiting <- err
		}()
	}
	for h.Metrics().Requests.Load() < host.MaxSessionQueue+1 {
		if t.Context().Err() != nil {
			t.Fatal("the calls do not begin")
		}
		runtime.Gosched()
	}
	s.Close()
	if _, err := ask(t, s, "count"); !lattice.Undelivered(err) {
		t.Errorf("a call of a closed session: %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the call under way: %v", err)
	}
	for range host.MaxSessionQueue {
		if err := <-waiting; !lattice.Undelivered(err) {
			t.Errorf("a call that waited: %v", err)
		}
	}
	if s.Memory() != 0 {
		t.Error("the instance is still there")
	}
}

// first says when the first byte is written.
type first struct {
	*httptest.ResponseRecorder
	began chan struct{}
	once  bool
}

func (f *first) Write(b []byte) (int, error) {
	if !f.once {
		f.once = true
		close(f.began)
	}
	return len(b), nil
}
