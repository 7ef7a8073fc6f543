package guests_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/wit"
)

// tables are the tests, by guest: one table for each package of WASI.
var tables = []map[guest]func(*testing.T, guest){
	cliTests,
	clocksTests,
	filesystemTests,
	mountsTests,
	ioTests,
	preview1Tests,
	randomTests,
	httpTests,
	incomingTests,
	socketsTests,
}

func TestGuests(t *testing.T) {
	for _, table := range tables {
		for _, g := range slices.Sorted(maps.Keys(table)) {
			t.Run(string(g), func(t *testing.T) { table[g](t, g) })
		}
	}
}

func TestEveryGuestHasATest(t *testing.T) {
	tested := map[guest]bool{}
	for _, table := range tables {
		for g := range table {
			if tested[g] {
				t.Errorf("guest %q is in two tables", g)
			}
			tested[g] = true
		}
	}
	sources, err := filepath.Glob("*/main.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		g := guest(filepath.Dir(source))
		if !tested[g] {
			t.Errorf("guest %q has no test: put one into a table", g)
		}
		delete(tested, g)
	}
	for g := range tested {
		t.Errorf("test %q has no guest: write %s/main.c", g, g)
	}
}

// TestGuestsAreBuilt compares the sources of each guest with what build.sh noted
// at the end of the component: in a custom section "source", the SHA-256 of
// main.c and of the headers that it includes, in the order of their paths.
func TestGuestsAreBuilt(t *testing.T) {
	for _, table := range tables {
		for g := range table {
			hash := sha256.New()
			for _, source := range g.sources(t) {
				text, err := os.ReadFile(source)
				if err != nil {
					t.Fatal(err)
				}
				hash.Write(text)
			}
			want := hash.Sum([]byte("\x06source"))
			if !bytes.HasSuffix(g.wasm(t), append([]byte{0, byte(len(want))}, want...)) {
				t.Errorf("%s/guest.wasm is not made of the sources that there are: run build.sh %s", g, g)
			}
		}
	}
}

// include is a line that includes a header, of ours or of the small C library.
var include = regexp.MustCompile(`(?m)^#include ["<](\w+\.h)[">]$`)

// sources returns the files that a guest is made of, in order.
func (g guest) sources(t *testing.T) []string {
	t.Helper()
	files := []string{string(g) + "/main.c"}
	for i := 0; i < len(files); i++ { // files grows
		text, err := os.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range include.FindAllStringSubmatch(string(text), -1) {
			for _, header := range []string{m[1], "lib/" + m[1]} {
				if _, err := os.Stat(header); err == nil && !slices.Contains(files, header) {
					files = append(files, header)
				}
			}
		}
	}
	slices.Sort(files)
	return files
}

// guest is the name of a guest, which is that of its folder.
type guest string

// wasm returns the component.
func (g guest) wasm(t *testing.T) []byte {
	t.Helper()
	wasm, err := os.ReadFile(filepath.Join(string(g), "guest.wasm"))
	if err != nil {
		t.Fatalf("%v: run build.sh %s", err, g)
	}
	return wasm
}

// engine is shared by the tests.
var engine = sync.OnceValues(func() (*component.Engine, error) {
	return component.NewEngine(context.Background(), nil)
})

// load loads the component with all of WASI linked.
func (g guest) load(t *testing.T) *component.Component {
	t.Helper()
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	var linker component.Linker
	if err := wasi.Define(&linker); err != nil {
		t.Fatal(err)
	}
	c, err := e.Load(t.Context(), g.wasm(t), &linker)
	if err != nil {
		t.Fatalf("load %s: %v", g, err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Errorf("close %s: %v", g, err)
		}
	})
	return c
}

// outcome is what can be seen of a command that has ended.
type outcome struct {
	code           int   // if err is nil
	err            error // a trap
	drained        error // of the host's writers of the standard outputs
	stdout, stderr string
}

// deadline ends guests that hang.
const deadline = 2 * time.Minute

// run runs a command. Its arguments are those of opts after its name. Its
// standard outputs are those of the outcome, unless opts has others.
func (g guest) run(t *testing.T, opts wasi.Options) outcome {
	t.Helper()
	c := g.load(t)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	var stdout, stderr bytes.Buffer
	opts.CLI.Args = append([]string{string(g)}, opts.CLI.Args...)
	if opts.CLI.Stdout == nil {
		opts.CLI.Stdout = &stdout
	}
	if opts.CLI.Stderr == nil {
		opts.CLI.Stderr = &stderr
	}
	state := wasi.NewState(opts)
	var o outcome
	o.code, o.err = call(ctx, c, state)
	o.drained = state.Drain(ctx)
	if err := state.Close(); err != nil {
		t.Errorf("close the state of %s: %v", g, err)
	}
	o.stdout, o.stderr = stdout.String(), stderr.String()
	return o
}

// call instantiates a command, runs it and returns its exit code.
func call(ctx context.Context, c *component.Component, state *wasi.State) (int, error) {
	in, err := c.Instantiate(ctx, state, component.Limits{})
	if err != nil {
		return 0, err
	}
	defer in.Close()
	f, err := in.Func("wasi:cli/run@0.2.12", "run")
	if err != nil {
		return 0, err
	}
	results, err := f.Call(ctx)
	if exit, ok := errors.AsType[*component.ExitError](err); ok {
		return exit.Code, nil
	}
	if err != nil {
		return 0, err
	}
	if result, ok := results[0].(wit.ResultValue); !ok || result.Failed {
		return 1, nil
	}
	return 0, nil
}

// pass runs a command, which must succeed.
func (g guest) pass(t *testing.T, opts wasi.Options) outcome {
	t.Helper()
	o := g.run(t, opts)
	if o.err != nil || o.code != 0 || o.stderr != "" || o.drained != nil {
		t.Errorf("%s %q ended with %d, %v, output %v, want 0\n%s", g, opts.CLI.Args, o.code, o.err, o.drained, o.stderr)
	}
	return o
}

// trap runs a command, which must trap for a reason that contains text.
func (g guest) trap(t *testing.T, opts wasi.Options, text string) {
	t.Helper()
	o := g.run(t, opts)
	trap, ok := errors.AsType[*component.Trap](o.err)
	if !ok || !strings.Contains(trap.Error(), text) || o.stderr != "" {
		t.Errorf("%s %q ended with %d, %v, want a trap that says %q\n%s", g, opts.CLI.Args, o.code, o.err, text, o.stderr)
	}
}

// passes is the test of a guest that needs nothing.
func passes(t *testing.T, g guest) { g.pass(t, wasi.Options{}) }
