package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	runtime "github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/daemon"
	"github.com/wattle-dev/wattle/lattice"
)

// idle returns a daemon that is not run.
func idle(t *testing.T, change func(*daemon.Options)) *daemon.Daemon {
	t.Helper()
	w := newWorld(t)
	h := w.start(change)
	return h.Daemon
}

func TestEnvironment(t *testing.T) {
	d := idle(t, func(o *daemon.Options) { o.WASI.CLI.Env = []string{"HOST=1"} })
	spec := &lattice.ComponentSpec{ID: "c", MaxInstances: 1, Config: map[string]string{
		"env.LEVEL": "debug", "env.A": "x=y", "env.": "no name", "env.B=C": "two names", "level": "info", "ENV.D": "x", "env.E\x00F": "x",
	}}
	if diff := cmp.Diff([]string{"HOST=1", "A=x=y", "LEVEL=debug"}, d.Env(spec)); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"HOST=1"}, d.Env(&lattice.ComponentSpec{})); diff != "" {
		t.Errorf("environment of another (-want +got):\n%s", diff)
	}
}

func TestTail(t *testing.T) {
	d := idle(t, func(*daemon.Options) {})
	for i := range 1000 {
		d.Line(runtime.Line{Component: "many", Instance: 1, Stream: runtime.Stdout, Text: fmt.Sprint(i)})
		d.Line(runtime.Line{Component: "long", Instance: 1, Stream: runtime.Stderr, Text: strings.Repeat("x", runtime.MaxLine)})
	}
	many := d.Tail("many")
	if len(many) != 200 || many[0].Text != "800" || many[199].Text != "999" {
		t.Errorf("%d lines are kept, from %q on, want the last 200", len(many), many[0].Text)
	}
	if n := len(d.Tail("long")) * runtime.MaxLine; n > 64<<10 {
		t.Errorf("%d bytes are kept, want 64 KiB at most", n)
	}
	d.Line(runtime.Line{Component: "odd", Instance: 1, Stream: runtime.Stdout, Text: "\xff"})
	if got := d.Tail("odd")[0].Text; got != "\ufffd" {
		t.Errorf("bytes that are not UTF-8 are %q", got)
	}
}

func TestPause(t *testing.T) {
	for _, test := range []struct {
		attempt    int
		err        error
		least, max time.Duration
	}{
		{1, errors.New("x"), 500 * time.Millisecond, 1500 * time.Millisecond},
		{3, errors.New("x"), 2 * time.Second, 6 * time.Second},
		{100, errors.New("x"), 150 * time.Second, 450 * time.Second},
		{100, fmt.Errorf("start: %w", daemon.ErrFetch), 7500 * time.Millisecond, 22500 * time.Millisecond},
		{1, fmt.Errorf("start: %w", errors.Join(&component.LinkError{})), 0, 0}, // it would be in vain
	} {
		for range 20 {
			if got := daemon.Pause(test.attempt, test.err); got < test.least || got > test.max {
				t.Errorf("pause after attempt %d, %v, is %v, want %v to %v", test.attempt, test.err, got, test.least, test.max)
			}
		}
	}
}

func TestArtifacts(t *testing.T) {
	l := join(t, newNetwork(), "host")
	w := &world{T: t, l: l}
	w.buckets.Lattice = lattice.DefaultName
	if _, err := l.Objects(t.Context(), w.buckets.Artifacts(), true); err != nil {
		t.Fatal(err)
	}
	open := func(ctx context.Context) (lattice.Objects, error) {
		return l.Objects(ctx, w.buckets.Artifacts(), false)
	}
	dir := t.TempDir()
	text := func(i int) []byte { return []byte(strings.Repeat(fmt.Sprint(i), 100)) }
	a := daemon.NewArtifacts(dir, 250, false, open, digestOf(text(0)))
	for i := range 5 {
		w.object(digestOf(text(i)), text(i))
		got, err := a.Get(t.Context(), digestOf(text(i)), "ref")
		if err != nil || string(got) != string(text(i)) {
			t.Fatalf("artifact %d is %q, %v", i, got, err)
		}
		// The order of use is told by files' times, which are coarse.
		at := time.Now().Add(time.Duration(i-100) * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, strings.TrimPrefix(digestOf(text(i)), "sha256:")+".wasm"), at, at); err != nil {
			t.Fatal(err)
		}
	}
	var kept []int
	for i := range 5 {
		if _, err := os.Stat(filepath.Join(dir, strings.TrimPrefix(digestOf(text(i)), "sha256:")+".wasm")); err == nil {
			kept = append(kept, i)
		}
	}
	if diff := cmp.Diff([]int{0, 4}, kept); diff != "" { // the one that is wanted, and the last
		t.Errorf("artifacts on disk (-want +got):\n%s", diff)
	}
	if _, err := a.Get(t.Context(), "sha256:../../x", "ref"); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("a digest that is none: %v", err)
	}

	file := filepath.Join(t.TempDir(), "c.wasm")
	if err := os.WriteFile(file, text(9), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Get(t.Context(), digestOf(text(9)), file); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("a file that the ref names: %v, want ErrNotFound: it is not allowed", err)
	}
	a = daemon.NewArtifacts(dir, 1<<20, true, open)
	if got, err := a.Get(t.Context(), digestOf(text(9)), file); err != nil || string(got) != string(text(9)) {
		t.Errorf("a file that the ref names is %q, %v", got, err)
	}
	if _, err := a.Get(t.Context(), digestOf(text(8)), file); err == nil || !strings.Contains(err.Error(), "its digest is") {
		t.Errorf("a file with other bytes: %v", err)
	}
	if _, err := a.Get(t.Context(), digestOf(text(8)), os.DevNull); err == nil {
		t.Error("a device is an artifact")
	}
}
