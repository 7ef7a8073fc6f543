package mcp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
)

// within puts a request into a session, which is there already if home is given.
func within(r *http.Request, session string, home lattice.HostID) *http.Request {
	r.Header.Set(mcp.HeaderSession, session)
	if home != "" {
		r.Header.Set(mcp.HeaderHost, string(home))
	}
	return r
}

// TestPinned has sessions keep what they have in memory, each for the one that it belongs to.
func TestPinned(t *testing.T) {
	for _, era := range eras {
		t.Run(era[1:], func(t *testing.T) {
			s := serve(t, hostile, lattice.MCP{Path: era, Pinned: true}, mcp.Options{})
			count := func(session, who string, home lattice.HostID) string {
				t.Helper()
				a := s.send(within(call("1", "count", "{}", ""), session, home), who)
				if got := a.header.Get(mcp.HeaderHost); a.status == http.StatusOK && got != string(here) {
					t.Errorf("the answer says that the session is on %q", got)
				}
				return fmt.Sprint(a.status, " ", a.words(t))
			}
			const gone = "404 -32001 the session is not there any more: begin another one with initialize"
			for _, c := range []struct {
				session, who string
				home         lattice.HostID
				want         string
			}{
				{"a", "gateway/x", here, gone}, // it was never there
				{"a", "gateway/x", "", "200 1"},
				{"a", "gateway/x", here, "200 2"},
				{"a", "gateway/x", "", "200 3"},
				{"b", "gateway/x", "", "200 1"},
				{"a", "gateway/y", here, gone},
				{"a", "gateway/y", "", gone},
				{"a", "gateway/x", "there", gone},
				{"a b", "gateway/x", "", gone},
				{strings.Repeat("a", mcp.MaxSessionID+1), "gateway/x", "", gone},
				{"", "gateway/x", "", "200 1"}, // none at all
				{"a", "gateway/x", here, "200 4"},
			} {
				got := ""
				if c.session == "" {
					got = "200 " + s.send(call("1", "count", "{}", ""), c.who).words(t)
				} else {
					got = count(c.session, c.who, c.home)
				}
				if got != c.want {
					t.Errorf("session %q of %s on %q: %s, want %s", c.session, c.who, c.home, got, c.want)
				}
			}
			if n := s.Sessions(); n != 2 {
				t.Errorf("there are %d sessions, want 2", n)
			}
			// One whose instance fails is gone, and the other is not.
			if got := s.send(within(call("1", "trap", "{}", ""), "a", here), "gateway/x").words(t); !strings.HasPrefix(got, "-32603") {
				t.Errorf("a trap: %s", got)
			}
			if got := count("a", "gateway/x", here); got != gone {
				t.Errorf("after a trap: %s", got)
			}
			if got := count("b", "gateway/x", here); got != "200 2" {
				t.Errorf("another session after a trap: %s", got)
			}
			end := httptest.NewRequest(http.MethodDelete, "/", nil)
			if a := s.send(within(end, "b", ""), "gateway/y"); a.status != http.StatusNotFound {
				t.Errorf("the end of another's session: %d", a.status)
			}
			if a := s.send(within(end, "b", ""), "gateway/x"); a.status != http.StatusNoContent {
				t.Errorf("the end of a session: %d", a.status)
			}
			if got := count("b", "gateway/x", here); got != gone {
				t.Errorf("after the end: %s", got)
			}
			// What the component may use changes.
			if got := count("c", "gateway/x", ""); got != "200 1" {
				t.Errorf("a new session: %s", got)
			}
			s.target.Supply(wasi.Options{}, nil)
			s.Renew()
			if n := s.Sessions(); n != 0 {
				t.Errorf("%d sessions have what was replaced", n)
			}
			if got := count("c", "gateway/x", here); got != gone {
				t.Errorf("after a change of what it may use: %s", got)
			}
		})
	}
}

// TestPinnedBounds has no session be given up for another: new ones are refused.
func TestPinnedBounds(t *testing.T) {
	for name, opts := range map[string]mcp.Options{"number": {MaxSessions: 1}, "memory": {MaxSessionMemory: 1}} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, hostile, lattice.MCP{Path: "/modern", Pinned: true}, opts)
			one := func(session string) answer {
				return s.send(within(call("1", "count", "{}", ""), session, ""), "gateway/x")
			}
			if got := one("a").words(t); got != "1" {
				t.Fatal(got)
			}
			if err := one("b").err; !errors.Is(err, lattice.ErrExhausted) || !lattice.Undelivered(err) {
				t.Errorf("one more: %v", err)
			}
			if got := one("a").words(t); got != "2" {
				t.Errorf("the first one: %s", got)
			}
			s.send(within(call("1", "trap", "{}", ""), "a", ""), "gateway/x")
			if got := one("b").words(t); got != "1" {
				t.Errorf("after the end of the first one: %s", got)
			}
		})
	}
}

// TestPinnedIdle has a session end that nobody uses.
func TestPinnedIdle(t *testing.T) {
	s := serve(t, hostile, lattice.MCP{Path: "/modern", Pinned: true}, mcp.Options{SessionIdle: time.Millisecond})
	if got := s.send(within(call("1", "count", "{}", ""), "a", ""), "gateway/x").words(t); got != "1" {
		t.Fatal(got)
	}
	s.await("the session does not end", func() bool { return s.Sessions() == 0 })
}

// TestPinnedTogether has one session be used by many at once: they take turns.
func TestPinnedTogether(t *testing.T) {
	s := serve(t, hostile, lattice.MCP{Path: "/session", Pinned: true}, mcp.Options{})
	const calls = 10
	answers := make(chan string, calls)
	for range calls {
		go func() {
			answers <- s.send(within(call("1", "count", "{}", ""), "a", ""), "gateway/x").words(t)
		}()
	}
	seen := map[string]bool{}
	for range calls {
		seen[<-answers] = true
	}
	if len(seen) != calls || !seen["1"] || !seen[fmt.Sprint(calls)] {
		t.Errorf("the counts are %v, want 1 to %d", seen, calls)
	}
	// There may not be any number of them.
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan answer)
	go func() {
		ended <- s.send(within(call("1", "spin", "{}", ""), "a", "").WithContext(ctx), "gateway/x")
	}()
	s.awaitCall()
	const others = 3 * host.MaxSessionQueue
	done := make(chan answer, others)
	for range others {
		go func() { done <- s.send(within(call("1", "count", "{}", ""), "a", "").WithContext(ctx), "gateway/x") }()
	}
	for range others - host.MaxSessionQueue { // the others wait
		if a := <-done; !strings.Contains(a.words(t), "more are not taken") {
			t.Errorf("one request too many: %s", a.words(t))
		}
	}
	cancel()
	<-ended
	for range host.MaxSessionQueue {
		<-done
	}
}

// TestClose has a server end while it has sessions, and a request under way.
func TestClose(t *testing.T) {
	s := serve(t, hostile, lattice.MCP{Path: "/modern", Pinned: true}, mcp.Options{})
	if got := s.send(within(call("1", "count", "{}", ""), "a", ""), "gateway/x").words(t); got != "1" {
		t.Fatal(got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan answer)
	go func() { ended <- s.send(call("1", "spin", "{}", "").WithContext(ctx), "gateway/x") }()
	s.awaitCall()
	now, stop := context.WithCancel(t.Context())
	stop()
	if err := s.Close(now); err == nil {
		t.Error("a server with a request under way is closed")
	}
	if n := s.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	if a := s.send(call("1", "count", "{}", ""), "gateway/x"); !lattice.Undelivered(a.err) || !errors.Is(a.err, lattice.ErrUnavailable) {
		t.Errorf("a request after the end: %v", a.err)
	}
	if _, _, err := s.List(t.Context()); err == nil {
		t.Error("a server that is closed can be listed")
	}
	cancel()
	if a := <-ended; !errors.Is(a.err, context.Canceled) {
		t.Errorf("the request under way: %v", a.err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
