package daemon_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	runtime "github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/daemon"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// traceGuest leaves traces of itself wherever a guest can, and looks for those of
// others. tracesTables does so in tables as well, which is why its instances always
// begin anew.
const (
	traceGuest   = "testdata/trace.wasm"
	tracesTables = "testdata/trace-tables.wasm"
)

// lines collects what guests write, by instance.
type lines struct {
	mu  sync.Mutex
	all []runtime.Line
}

func (l *lines) line(line runtime.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

// tracer calls the guest.
type tracer struct {
	*testing.T
	h *host
}

func (t tracer) call(function string, args ...wit.Value) (wit.Value, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	inv := &lattice.Invocation{Target: "trace", Function: function, Depth: lattice.DefaultDepth, Callers: []lattice.Caller{"operator/test"}}
	got, err := t.h.Router().Call(ctx, inv, &wit.Func{Name: function}, args)
	if err != nil || len(got) == 0 {
		return nil, err
	}
	return got[0], nil
}

// seen is what a guest sees, in an instance of its own for each.
type seen struct {
	Digest       wit.Value // of memories, globals and tables
	Handle, File wit.Value
	Groped       []string // the errors of using handles that it has not
}

func (t tracer) look() seen {
	t.Helper()
	var s seen
	for function, into := range map[string]*wit.Value{"digest": &s.Digest, "handle": &s.Handle, "file": &s.File} {
		got, err := t.call(function)
		if err != nil {
			t.Errorf("%s: %v", function, err)
		}
		*into = got
	}
	for n := range uint32(4) {
		_, err := t.call("grope", 1+n*20)
		if err == nil {
			t.Errorf("handle %d can be used by who was not given it", 1+n*20)
			continue
		}
		s.Groped = append(s.Groped, err.Error()[strings.LastIndex(err.Error(), "handle "):])
	}
	if _, err := t.call("say"); err != nil {
		t.Error(err)
	}
	return s
}

// TestIsolation has calls leave traces in all ways that there are, end in all ways that
// there are, and those that follow look for them: in memories, tables, globals, handles,
// files of the private directory and what was written without the end of a line. It does
// so with all ways to make an instance: from the beginning, from the state after the
// start with memory that is copied when it is written to, used again, and initialized
// once for all.
func TestIsolation(t *testing.T) {
	for _, c := range []struct {
		name, guest string
		idle        int
		preinit     bool
	}{
		{"anew", tracesTables, -1, false},
		{"anew, though others wait", tracesTables, 0, false},
		{"from the state after the start", traceGuest, -1, false},
		{"used again", traceGuest, 0, false},
		{"initialized once", traceGuest, -1, true},
		{"initialized once and used again", traceGuest, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			var out lines
			h := w.start(func(o *daemon.Options) { o.Engine.MaxIdle, o.Output = c.idle, out.line })
			spec := w.upload("trace", c.guest)
			spec.Preinit, spec.Limits.TimeoutMillis = c.preinit, 300
			spec.Capabilities = []lattice.Capability{{
				Kind: "filesystem", Name: lattice.DefaultLink, Namespace: "wasi", Package: "filesystem", Interfaces: []string{"preopens", "types"},
				Config: map[string]string{"/data": "memory"},
			}}
			w.want(spec)
			w.awaitRunning("trace")
			g := tracer{t, h}
			want := g.look()
			if want.Handle == nil || want.File != uint32(256+20) { // no-entry
				t.Fatalf("at first a guest sees %+v", want)
			}
			for _, leave := range []struct{ by, says string }{
				{"leave", ""}, {"leave-grown", ""}, {"leave-trap", "unreachable"}, {"leave-spin", "took too long"}, {"leave", ""},
			} {
				_, err := g.call(leave.by, uint32(77))
				if leave.says == "" && err != nil || leave.says != "" && (err == nil || !strings.Contains(err.Error(), leave.says)) {
					t.Errorf("%s: %v, want %q", leave.by, err, leave.says)
				}
				for range 2 {
					if d := cmp.Diff(want, g.look()); d != "" {
						t.Errorf("what a guest sees after %s (-want +got):\n%s", leave.by, d)
					}
				}
			}
			// Beside others.
			var all sync.WaitGroup
			for n := range 4 {
				all.Go(func() {
					for k := range 20 {
						_, _ = g.call([]string{"leave", "leave-grown", "leave-trap"}[k%3], uint32(n*100+k))
					}
				})
				all.Go(func() {
					for range 5 {
						if d := cmp.Diff(want, g.look()); d != "" {
							t.Errorf("what a guest sees beside others (-want +got):\n%s", d)
						}
					}
				})
			}
			all.Wait()
			out.check(t)
		})
	}
}

// check finds lines that have something of another instance, or several of one.
func (l *lines) check(t *testing.T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	by := map[runtime.InstanceID][]string{}
	for _, line := range l.all {
		by[line.Instance] = append(by[line.Instance], line.Text)
	}
	for id, texts := range by {
		if !slices.Equal(texts, []string{"mine"}) && !slices.Equal(texts, []string{"left by another"}) {
			t.Errorf("instance %v wrote %q", id, fmt.Sprint(texts))
		}
	}
	if len(by) < 50 {
		t.Errorf("%d instances wrote something", len(by))
	}
}
