package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/wit"
)

// memory is what a process has in memory, in kibibytes.
type memory struct {
	Rss   float64 `json:"rss"`
	Pss   float64 `json:"pss"`
	Dirty float64 `json:"dirty"` // Private_Dirty
}

// ofEach returns what each of n has of the difference.
func (m memory) ofEach(before memory, n int) memory {
	return memory{(m.Rss - before.Rss) / float64(n), (m.Pss - before.Pss) / float64(n), (m.Dirty - before.Dirty) / float64(n)}
}

// resident returns what this process has in memory when its garbage is gone.
func resident() (m memory, err error) {
	runtime.GC()
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(b)) {
		words := strings.Fields(line)
		into, ok := map[string]*float64{"Rss:": &m.Rss, "Pss:": &m.Pss, "Private_Dirty:": &m.Dirty}[words[0]]
		if ok && len(words) > 1 {
			if *into, err = strconv.ParseFloat(words[1], 64); err != nil {
				return m, err
			}
		}
	}
	return m, nil
}

// states of instances that are held, in their order.
var states = []string{"just started", "after one request", "made as at the start, to be used again"}

// densities measures instances that wait.
func densities(ctx context.Context, s *session) error {
	for _, c := range []struct {
		name, file, path string
		preinit          bool
		n                int
		target           float64
	}{
		{"C, wasi:http", cHello, "/exact", true, 1000, 10_000},
		{"Go, hello-http, --preinit", goHello, "/", true, 500, 0},
		{"QuickJS, calc", calcFile, "", false, 500, 0},
		{"StarlingMonkey, mcp-ts", tsServer, "/mcp", false, 100, 1500},
		{"StarlingMonkey, mcp-ts, --preinit", tsServer, "/mcp", true, 100, 1500},
	} {
		n := pick(s, c.n/10, c.n)
		var each []memory
		for i, state := range states {
			r := row{Name: c.name + ", " + state, Unit: perGiB}
			if i != 1 {
				r.Target = c.target
			}
			err := s.row(r, func(r *row) error {
				if each == nil {
					if err := ask(ctx, &each, "density", s.keep, c.file, c.path, strconv.FormatBool(c.preinit), strconv.Itoa(n)); err != nil {
						return err
					}
				}
				m := each[i]
				r.Value = float64(1<<20) / max(m.Rss, 0.01)
				r.Note = fmt.Sprintf("each of %d: Rss %s, Pss %s, Private_Dirty %s", n, kibibytes.format(m.Rss), kibibytes.format(m.Pss), kibibytes.format(m.Dirty))
				if i == 0 {
					r.Peers = []peer{s.wasmtimeDensity(ctx, c.file, n)}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	n := pick(s, 100, 1000)
	return s.row(row{Name: fmt.Sprintf("%d small components deployed, with an instance of each", n), Unit: kibibytes}, func(r *row) error {
		var m []memory
		if err := ask(ctx, &m, "deployments", strconv.Itoa(n)); err != nil {
			return err
		}
		deployed, running := m[0], m[1]
		r.Value = running.Rss
		r.Note = fmt.Sprintf("of a process; each: deployed %s, its instance %s", kibibytes.format(deployed.Rss/float64(n)), kibibytes.format((running.Rss-deployed.Rss)/float64(n)))
		return nil
	})
}

// wasmtimeDensity returns how many instances the peer has in a gibibyte.
func (s *session) wasmtimeDensity(ctx context.Context, file string, n int) peer {
	answers, err := s.tools.run(ctx, "epoch", file, "idle:"+strconv.Itoa(n))
	p := peer{Name: "wasmtime"}
	if err != nil {
		p.Skipped = err.Error()
	} else {
		p.Value = float64(1<<20) / max(answers[0][0], 0.01)
	}
	return p
}

// ask has a child of this program measure, and reads what it prints as JSON.
func ask(ctx context.Context, into any, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"-child"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	return json.Unmarshal(out, into)
}

// density makes instances, has each answer a request, and has them be made as they
// were at the start, and prints what memory each took after every step.
func density(ctx context.Context, args []string) error {
	keep, file, path := args[0], args[1], args[2]
	preinit, err := strconv.ParseBool(args[3])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	e, l, err := newEngine(ctx, keep, n)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close(context.Background()) }()
	wasm, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	c, err := e.Load(ctx, wasm, l)
	if err != nil {
		return err
	}
	if preinit {
		if err := c.Preinitialize(ctx, wasi.NewState(wasi.Options{}), component.Limits{}); err != nil {
			return err
		}
	}
	one, err := newHeld(ctx, c) // what only the first takes
	if err != nil {
		return err
	}
	if err := one.request(ctx, path); err != nil {
		return err
	}
	before, err := resident()
	if err != nil {
		return err
	}
	all := make([]*held, n)
	steps := []func(int) error{
		func(i int) (err error) { all[i], err = newHeld(ctx, c); return err },
		func(i int) error { return all[i].request(ctx, path) },
		func(i int) error { return all[i].close() },
	}
	var each []memory
	for _, step := range steps {
		for i := range all {
			if err := step(i); err != nil {
				return err
			}
		}
		m, err := resident()
		if err != nil {
			return err
		}
		each = append(each, m.ofEach(before, n))
	}
	if err := one.close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(each)
}

// deployments loads components that are all different, and makes an instance of
// each.
func deployments(ctx context.Context, count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	e, err := component.NewEngine(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close(context.Background()) }()
	if _, err := e.Load(ctx, small(uint32(n)), nil); err != nil { // what only the first takes
		return err
	}
	before, err := resident()
	if err != nil {
		return err
	}
	all := make([]*component.Component, n)
	for i := range all {
		if all[i], err = e.Load(ctx, small(uint32(i)), nil); err != nil {
			return err
		}
	}
	deployed, err := resident()
	if err != nil {
		return err
	}
	for i, c := range all {
		in, err := c.Instantiate(ctx, nil, component.Limits{})
		if err != nil {
			return err
		}
		f, err := in.Func("", "f")
		if err != nil {
			return err
		}
		if got, err := f.Call(ctx); err != nil || got[0] != wit.Value(uint32(i)) {
			return fmt.Errorf("component %d answers %v: %w", i, got, err)
		}
		defer in.Close()
	}
	running, err := resident()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode([]memory{deployed.ofEach(before, 1), running.ofEach(before, 1)})
}

// small returns a component with a memory of a page, some data, and a function that
// returns v.
func small(v uint32) []byte {
	section := func(id byte, parts ...string) string {
		body := strings.Join(parts, "")
		return string(binary.AppendUvarint([]byte{id}, uint64(len(body)))) + body
	}
	constant := "\x41" + string([]byte{byte(v) | 0x80, byte(v>>7) | 0x80, byte(v>>14) & 0x3f}) // i32.const, padded
	module := "\x00asm\x01\x00\x00\x00" +
		section(1, "\x01\x60\x00\x01\x7f") +
		section(3, "\x01\x00") +
		section(5, "\x01\x00\x01") +
		section(7, "\x01\x01f\x00\x00") +
		section(10, "\x01\x06\x00", constant, "\x0b") +
		section(11, "\x01\x00\x41\x80\x08\x0b\x40", strings.Repeat("w", 0x40))
	return []byte("\x00asm\x0d\x00\x01\x00" +
		section(1, module) +
		section(2, "\x01\x00\x00\x00") + // an instance of it
		section(6, "\x01\x00\x00\x01\x00\x01f") + // its function
		section(7, "\x01\x40\x00\x00\x79") + // func() -> u32
		section(8, "\x01\x00\x00\x00\x00\x00") + // the function lifted
		section(11, "\x01\x00\x01f\x01\x00\x00")) // and exported
}
