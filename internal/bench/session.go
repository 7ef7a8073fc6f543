package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
)

// keepDir is where what is installed, and code of this program's, is kept between
// runs.
const keepDir = ".cache/bench"

// session is a run of the program.
type session struct {
	match  *regexp.Regexp
	quick  bool
	jco    bool
	all    bool   // the gateway with every kind of call
	dir    string // for the time of the run
	keep   string // keepDir, absolute
	engine *component.Engine
	linker *component.Linker
	tools  *wasmtime
	// profile is where a profile of the batches of the next row goes, empty if none
	// is wanted.
	profile string

	section string
	rows    []row
}

func newSession(ctx context.Context, match *regexp.Regexp, quick, jco, all bool) (*session, error) {
	keep, err := filepath.Abs(keepDir)
	if err != nil {
		return nil, err
	}
	s := &session{match: match, quick: quick, jco: jco, all: all, keep: keep}
	if s.engine, s.linker, err = newEngine(ctx, keep, 0); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "wattle-bench-"); err != nil {
		return nil, err
	}
	s.tools = &wasmtime{dir: filepath.Join(keep, "wasmtime"), quick: quick}
	return s, nil
}

func (s *session) close() {
	_ = s.engine.Close(context.Background())
	_ = os.RemoveAll(s.dir)
}

// newEngine returns an engine that keeps its code in a directory, compiles in
// processes of its own and keeps idle instances as EngineOptions say, with a
// linker that has WASI and the function that testdata/host.wat calls.
func newEngine(ctx context.Context, keep string, idle int) (*component.Engine, *component.Linker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	code := filepath.Join(keep, "code")
	if err := os.MkdirAll(code, 0o700); err != nil {
		return nil, nil, err
	}
	e, err := component.NewEngine(ctx, &component.EngineOptions{
		CacheDir: code,
		Compiler: &component.Compiler{Command: []string{self, "-child", "compile"}},
		MaxIdle:  idle,
	})
	if err != nil {
		return nil, nil, err
	}
	l := &component.Linker{}
	err = l.Define(component.HostInterface{ID: "bench:host/calls", Version: "1.0.0", Funcs: []component.HostFunc{{
		Name: "add", Signature: "func(a: u32, b: u32) -> u32",
		Call: func(_ *component.Call, stack []uint64) { stack[0] = uint64(uint32(stack[0]) + uint32(stack[1])) },
	}}})
	return e, l, errors.Join(err, wasi.Define(l))
}

// load loads a component with the session's engine.
func (s *session) load(ctx context.Context, file string) (*component.Component, error) {
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return s.engine.Load(ctx, wasm, s.linker)
}

// want reports whether a row of the section is asked for.
func (s *session) want(name string) bool { return s.match.MatchString(s.section + "/" + name) }

// row measures a row, if it is asked for, and adds it to the table.
func (s *session) row(r row, measure func(*row) error) error {
	if !s.want(r.Name) {
		return nil
	}
	s.say("%s/%s", s.section, r.Name)
	r.Section = s.section
	if err := measure(&r); err != nil {
		return fmt.Errorf("%q: %w", r.Name, err)
	}
	r.compare()
	s.rows = append(s.rows, r)
	return nil
}

// say tells whoever waits what is being done.
func (s *session) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

// pick returns the first if the run is to be quick, and the second otherwise.
func pick[T any](s *session, quick, full T) T {
	if s.quick {
		return quick
	}
	return full
}
