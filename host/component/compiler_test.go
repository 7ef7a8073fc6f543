package component_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// TestMain makes a compiler of the test binary if it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) != 3 || os.Args[1] != "compile-worker" {
		os.Exit(m.Run())
	}
	if err := child(os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is what a child process does. Those that are broken are what a bug of the
// engine's compiler looks like from outside.
func child(kind string) error {
	switch kind {
	case "good":
		return component.ServeCompiler(os.Stdin, os.Stdout)
	case "panics":
		panic("the compiler is confused")
	case "silent":
		return nil
	case "babbles":
		_, err := io.WriteString(os.Stdout, strings.Repeat("{", 1<<20))
		return err
	case "lies": // says that there is code
		_, err := io.WriteString(os.Stdout, `{"fault":"none"}`)
		return err
	}
	if dir, ok := strings.CutPrefix(kind, "counts:"); ok {
		f, err := os.CreateTemp(dir, "compilation-")
		if err != nil {
			return err
		}
		return errors.Join(f.Close(), component.ServeCompiler(os.Stdin, os.Stdout))
	}
	if file, ok := strings.CutPrefix(kind, "tells:"); ok {
		return errors.Join(tell(file), component.ServeCompiler(os.Stdin, os.Stdout))
	}
	if file, ok := strings.CutPrefix(kind, "stuck:"); ok {
		if err := tell(file); err != nil {
			return err
		}
		<-time.After(time.Hour) // reads no more and writes nothing; the runtime ends a process that waits for nothing at all
	}
	return fmt.Errorf("no child is called %q", kind)
}

// tell writes the number of this process to a file.
func tell(file string) error {
	return errors.Join(os.WriteFile(file+".new", fmt.Append(nil, os.Getpid()), 0o600), os.Rename(file+".new", file))
}

func compiler(t testing.TB, kind string) *component.Compiler {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &component.Compiler{Command: []string{self, "compile-worker", kind}}
}

// oneInstance returns a component with an instance of a module, which is its
// types and functions: each a type's index and a body.
func oneInstance(types []byte, typeOf []byte, bodies ...[]byte) []byte {
	section := func(id byte, body ...byte) []byte {
		return append(binary.AppendUvarint([]byte{id}, uint64(len(body))), body...)
	}
	code := []byte{byte(len(bodies))}
	for _, b := range bodies {
		code = append(append(code, binary.AppendUvarint(nil, uint64(len(b)))...), b...)
	}
	module := slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), section(1, types...), section(3, append([]byte{byte(len(typeOf))}, typeOf...)...), section(10, code...))
	return slices.Concat([]byte("\x00asm\x0d\x00\x01\x00"), section(1, module...), section(2, 1, 0, 0, 0)) // (core instance (instantiate 0))
}

// slowComponent returns a component whose one function, of 2000 locals, takes
// long to compile for the number of its blocks: a hundred take half a second.
func slowComponent(blocks int, seed byte) []byte {
	const locals = 2000
	body := append(binary.AppendUvarint([]byte{1}, locals), 0x7f)
	// (block (br_if 0 (local.get 0)) (local.set 1 (i32.const seed)))
	body = append(body, bytes.Repeat([]byte{0x02, 0x40, 0x20, 0, 0x0d, 0, 0x41, seed & 0x3f, 0x21, 1, 0x0b}, blocks)...)
	for i := range uint64(locals) {
		body = append(binary.AppendUvarint(append(body, 0x20), i), 0x1a) // (drop (local.get i))
	}
	return oneInstance([]byte{1, 0x60, 0, 0}, []byte{0}, append(body, 0x0b))
}

// wideCalls returns a component with n calls, one after another, of a function
// that has 900 parameters and as many results.
func wideCalls(n int) []byte {
	const width = 900
	values := append(binary.AppendUvarint(nil, width), bytes.Repeat([]byte{0x7f}, width)...)
	types := slices.Concat([]byte{2, 0x60}, values, values, []byte{0x60, 0, 0})
	body := slices.Concat([]byte{0}, bytes.Repeat([]byte{0x41, 0}, width), bytes.Repeat([]byte{0x10, 0}, n), bytes.Repeat([]byte{0x1a}, width),
		bytes.Repeat([]byte{0x01}, 100*n), []byte{0x0b}) // nops make it large enough for so many values
	return oneInstance(types, []byte{0, 1}, []byte{0, 0, 0x0b}, body)
}

// endlessBlocks take a compiler minutes.
const endlessBlocks = 20_000

// run loads a component and instantiates it.
func run(t *testing.T, e *component.Engine, wasm []byte) error {
	t.Helper()
	c, err := e.Load(t.Context(), wasm, nil)
	if err != nil {
		return err
	}
	in, err := c.Instantiate(t.Context(), nil, component.Limits{})
	if err == nil {
		in.Close()
	}
	return errors.Join(err, c.Close(t.Context()))
}

// A component that a child compiles runs, with a cache directory and without
// one, and leaves nothing but the entry.
func TestCompiler(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	t.Setenv("TMPDIR", t.TempDir())
	for _, dir := range []string{dir, ""} {
		var compiled atomic.Int32
		e, err := component.NewEngine(t.Context(), &component.EngineOptions{
			CacheDir: dir, Compiler: compiler(t, "good"),
			Progress: func(_ int, done bool) {
				if done {
					compiled.Add(1)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := run(t, e, slowComponent(20, 0)); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
		want := int32(1)
		if dir == "" {
			want = 2 // the second finds nothing: the first has released it
		}
		if n := compiled.Load(); n != want {
			t.Errorf("directory %q: %d modules compiled, want %d", dir, n, want)
		}
	}
	if files := entries(t, dir); len(files) != 1 {
		t.Errorf("entries %v, want 1", files)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

// What a child refuses is what this process would refuse.
func TestCompilerInvalidModule(t *testing.T) {
	wasm := slowComponent(20, 0)
	// The last drop has nothing to drop.
	i := strings.LastIndex(string(wasm), "\x1a\x0b")
	wasm[i-3], wasm[i-2], wasm[i-1] = 0x01, 0x01, 0x01
	dir := filepath.Join(t.TempDir(), "cache")
	want := run(t, newEngine(t, nil), wasm)
	got := run(t, newEngine(t, &component.EngineOptions{CacheDir: dir, Compiler: compiler(t, "good")}), wasm)
	if want == nil || got == nil || got.Error() != want.Error() {
		t.Errorf("a child says %v, this process %v", got, want)
	}
	if files := entries(t, dir); len(files) > 1 { // the staging directory's own
		t.Errorf("entries %v", files)
	}
}

func TestCompilerTimeLimit(t *testing.T) {
	c := compiler(t, "good")
	c.Time = 2 * time.Second
	e := newEngine(t, &component.EngineOptions{CacheDir: filepath.Join(t.TempDir(), "cache"), Compiler: c})
	err := run(t, e, slowComponent(endlessBlocks, 0))
	limit, ok := errors.AsType[*component.LimitError](err)
	if !ok || limit.Max != 2 || !strings.Contains(limit.What, "seconds of processor time") {
		t.Errorf("got %v, want a limit on time", err)
	}
	if err := run(t, e, slowComponent(20, 0)); err != nil {
		t.Errorf("the next module: %v", err)
	}
}

func TestCompilerMemoryLimit(t *testing.T) {
	c := compiler(t, "good")
	c.Memory = 32 << 20
	e := newEngine(t, &component.EngineOptions{CacheDir: filepath.Join(t.TempDir(), "cache"), Compiler: c})
	err := run(t, e, slowComponent(endlessBlocks, 0))
	limit, ok := errors.AsType[*component.LimitError](err)
	if !ok || limit.Max != c.Memory || !strings.Contains(limit.What, "memory") {
		t.Errorf("got %v, want a limit on memory", err)
	}
}

// Code that becomes far more machine code than it is itself is not loaded.
func TestCompilerCodeLimit(t *testing.T) {
	c := compiler(t, "good")
	c.Memory = 16 << 30 // for the race detector's sake
	e := newEngine(t, &component.EngineOptions{CacheDir: filepath.Join(t.TempDir(), "cache"), Compiler: c})
	err := run(t, e, wideCalls(2_000))
	limit, ok := errors.AsType[*component.LimitError](err)
	if !ok || !strings.Contains(limit.What, "machine code") {
		t.Errorf("got %v, want a limit on machine code", err)
	}
	if err := run(t, e, wideCalls(3)); err != nil {
		t.Error(err)
	}
}

// A Load that is given up gives the compilation up, unless another waits for it.
func TestCompilerCancel(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	e, err := component.NewEngine(t.Context(), &component.EngineOptions{Compiler: compiler(t, "stuck:"+pid)})
	if err != nil {
		t.Fatal(err)
	}
	first, cancelFirst := context.WithCancel(t.Context())
	second, cancelSecond := context.WithCancel(t.Context())
	defer cancelFirst()
	defer cancelSecond()
	wasm := slowComponent(endlessBlocks, 0) // more than a pipe holds
	var wg sync.WaitGroup
	for _, ctx := range []context.Context{first, second} {
		wg.Go(func() {
			if _, err := e.Load(ctx, wasm, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want that it was canceled", err)
			}
		})
	}
	p := process(t, pid)
	cancelFirst()
	if err := p.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the compiler of the other: %v", err)
	}
	cancelSecond()
	wg.Wait()
	if err := e.Close(t.Context()); err != nil { // waits for the child
		t.Error(err)
	}
	if err := p.Signal(syscall.Signal(0)); err == nil {
		t.Error("the compiler is still there")
	}
}

// A child that the system kills in the middle leaves nothing behind that could be
// taken for code.
func TestCompilerKilled(t *testing.T) {
	dir, pid := filepath.Join(t.TempDir(), "cache"), filepath.Join(t.TempDir(), "pid")
	broken := newEngine(t, &component.EngineOptions{CacheDir: dir, Compiler: compiler(t, "tells:"+pid)})
	failed := make(chan error, 1)
	go func() { failed <- run(t, broken, slowComponent(endlessBlocks, 0)) }()
	if err := process(t, pid).Kill(); err != nil {
		t.Fatal(err)
	}
	if _, ok := errors.AsType[*component.CompilerError](<-failed); !ok {
		t.Error("nothing is said of a compiler that was killed")
	}
	if files, err := filepath.Glob(filepath.Join(dir, "staging-*", "*", "*")); err != nil || len(files) > 0 {
		t.Errorf("left in the staging directory: %v, %v", files, err)
	}
	good := newEngine(t, &component.EngineOptions{CacheDir: dir, Compiler: compiler(t, "good")})
	if err := run(t, good, slowComponent(20, 0)); err != nil {
		t.Error(err)
	}
}

// process returns the process that writes its number to a file.
func process(t *testing.T, file string) *os.Process {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-t.Context().Done():
			t.Fatal("no process")
		case <-tick.C:
		}
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		var pid int
		if _, err := fmt.Sscan(string(b), &pid); err != nil {
			t.Fatal(err)
		}
		p, err := os.FindProcess(pid)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
}

// Whatever a child does, the host lives and says what happened.
func TestCompilerBroken(t *testing.T) {
	for kind, want := range map[string]string{
		"panics":  "panic: the compiler is confused",
		"silent":  "no answer",
		"babbles": "no answer",
		"lies":    "made 0 files",
		"typo":    `no child is called "typo"`,
	} {
		e := newEngine(t, &component.EngineOptions{CacheDir: filepath.Join(t.TempDir(), "cache"), Compiler: compiler(t, kind)})
		if err := run(t, e, slowComponent(20, 0)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", kind, err, want)
		}
	}
	missing := &component.Compiler{Command: []string{filepath.Join(t.TempDir(), "missing")}}
	if err := run(t, newEngine(t, &component.EngineOptions{Compiler: missing}), slowComponent(20, 0)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, err := component.NewEngine(t.Context(), &component.EngineOptions{Compiler: &component.Compiler{}}); err == nil {
		t.Error("a compiler without a command is accepted")
	}
}

// However many engines and goroutines ask for a module, with one cache directory
// it is compiled once.
func TestCompilerSingleFlight(t *testing.T) {
	dir, count := filepath.Join(t.TempDir(), "cache"), t.TempDir()
	var wg sync.WaitGroup
	for range 2 {
		e := newEngine(t, &component.EngineOptions{CacheDir: dir, Compiler: compiler(t, "counts:"+count)})
		for n := range 6 {
			wg.Go(func() {
				if err := run(t, e, slowComponent(20, byte(n%2))); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if started, err := os.ReadDir(count); err != nil || len(started) != 2 {
		t.Errorf("%d compilations of two modules, %v", len(started), err)
	}
}

// Code of little work is compiled here: no child is asked.
func TestCompilerSpared(t *testing.T) {
	e := newEngine(t, &component.EngineOptions{Compiler: compiler(t, "panics")})
	load(t, e, "guest.wasm", nil)
	if err := run(t, e, largeComponent(0)); err != nil {
		t.Error(err)
	}
}

// Without a compiler, code that takes too long is refused.
func TestNoCompiler(t *testing.T) {
	err := run(t, newEngine(t, nil), slowComponent(endlessBlocks, 0))
	if err == nil || !strings.Contains(err.Error(), "units of compile work") || !strings.Contains(err.Error(), "EngineOptions.Compiler") {
		t.Errorf("got %v, want a limit on work", err)
	}
}

// A child ends when the process that asked it is gone, and says so when it is
// asked nonsense.
func TestServeCompiler(t *testing.T) {
	for name, c := range map[string]struct{ in, out, err string }{
		"nothing":      {"", "", "read what to compile: EOF"},
		"no JSON":      {"x\n", "", "invalid character"},
		"endless line": {strings.Repeat("x", 1<<20), "", "buffer full"},
		"too large":    {`{"size":2000000000}` + "\n", `"fault":"request"`, ""},
		"negative":     {`{"size":-1}` + "\n", `"fault":"request"`, ""},
	} {
		var out strings.Builder
		err := component.ServeCompiler(strings.NewReader(c.in), &out)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || !strings.Contains(out.String(), c.out) {
			t.Errorf("%s: %q, %v", name, out.String(), err)
		}
	}
	// These set the limits of their process, so they get one.
	request := fmt.Sprintf(`{"dir":%q,"size":100,"seconds":60,"memory":1000000000}`+"\n", t.TempDir())
	nowhere := fmt.Sprintf(`{"dir":%q,"seconds":60,"memory":1000000000}`+"\n", filepath.Join(os.DevNull, "dir"))
	for name, c := range map[string]struct {
		in    string
		stays bool // whether somebody waits for the answer
		want  string
	}{
		"cut short": {request + "\x00asm", false, "nobody waits"},
		"no module": {request + strings.Repeat("\x00", 100), true, `"fault":"module"`},
		"nowhere":   {nowhere, true, `"fault":"storage"`},
	} {
		cmd := compiler(t, "good").Command
		child := exec.CommandContext(t.Context(), cmd[0], cmd[1:]...)
		var out bytes.Buffer
		child.Stdout, child.Stderr = &out, &out
		stdin, err := child.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(stdin, c.in); err != nil {
			t.Error(err)
		}
		if !c.stays {
			_ = stdin.Close()
		}
		_ = child.Wait()
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %q, want %q", name, out.String(), c.want)
		}
	}
}

// What is in a cache is code or it is not there: an entry that is whole and yet
// not what the engine wrote is made anew.
func TestCacheForeignEntry(t *testing.T) {
	dir, wasm := filepath.Join(t.TempDir(), "cache"), largeComponent(0)
	compiled(t, dir, wasm)
	for name, content := range map[string]string{
		"empty":           "",
		"noise":           strings.Repeat("noise", 100),
		"another version": "WAZEVO\x05other\x01\x00\x00\x00" + strings.Repeat("\x00", 100),
	} {
		file := entries(t, dir)[0]
		sum := sha256.Sum256([]byte(content))
		if err := os.WriteFile(file, append([]byte(content), sum[:]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := compiled(t, dir, wasm); got != 1 {
			t.Errorf("%s: %d modules compiled, want 1", name, got)
		}
		if got := compiled(t, dir, wasm); got != 0 {
			t.Errorf("%s: %d modules compiled after repair, want none", name, got)
		}
	}
}
