package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

func TestFormat(t *testing.T) {
	for _, tt := range []struct {
		u    unit
		v    float64
		want string
	}{
		{nanoseconds, 5.852, "5.85 ns"},
		{nanoseconds, 99.94, "99.9 ns"},
		{nanoseconds, 350, "350 ns"},
		{nanoseconds, 1500, "1.50 µs"},
		{nanoseconds, 23e6, "23.0 ms"},
		{nanoseconds, 2e9, "2.00 s"},
		{perSecond, 12345.6, "12346 /s"},
		{kibibytes, 0, "0.00 KiB"},
	} {
		if got := tt.u.format(tt.v); got != tt.want {
			t.Errorf("%v in %s: got %q, want %q", tt.v, tt.u, got, tt.want)
		}
	}
}

// Ratios are such that less is better, whatever the unit.
func TestTable(t *testing.T) {
	allocs := 1.0
	rows := []row{
		{Section: "calls", Name: "add", Value: 45, Unit: nanoseconds, Allocs: &allocs, Target: 90, Peers: []peer{{Name: "p", Value: 30}}},
		{Section: "hello", Name: "C", Value: 4000, Unit: perSecond, Target: 2000, Peers: []peer{{Name: "q", Skipped: "no cc"}}, P99: 2e6},
		{Section: "hello", Name: "Go", Skipped: "no reason"},
	}
	for i := range rows {
		rows[i].compare()
	}
	var table bytes.Buffer
	if err := writeTable(&table, "a machine", rows); err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for line := range strings.Lines(table.String()) {
		if words := strings.Fields(line); len(words) > 0 {
			got = append(got, words)
		}
	}
	want := [][]string{
		{"a", "machine"},
		append([]string{"calls:"}, strings.Fields(titles["calls"])...),
		strings.Fields("figure allocs target of target more, peers (ratio)"),
		strings.Fields("add 45.0 ns 1 90.0 ns 0.50 p 30.0 ns (1.50)"),
		append([]string{"hello:"}, strings.Fields(titles["hello"])...),
		strings.Fields("figure allocs target of target more, peers (ratio)"),
		strings.Fields("C 4000 /s 2000 /s 0.50 p99 2.00 ms, q skipped: no cc"),
		strings.Fields("Go skipped no reason"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	var b bytes.Buffer
	if err := writeJSON(&b, "a machine", rows); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Machine string
		Rows    []row
	}
	if err := json.Unmarshal(b.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rows, read.Rows); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestTitles(t *testing.T) {
	for _, s := range sections {
		if titles[s.name] == "" {
			t.Errorf("section %q has no title", s.name)
		}
	}
}

// The components that are deployed are valid, and all different.
func TestSmall(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := component.NewEngine(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close(context.Background()) }()
	for _, v := range []uint32{0, 1, 127, 128, 1000, 8191} {
		c, err := e.Load(ctx, small(v), nil)
		if err != nil {
			t.Fatal(err)
		}
		in, err := c.Instantiate(ctx, nil, component.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := in.Func("", "f")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.Call(ctx); err != nil || got[0] != wit.Value(v) {
			t.Errorf("f of small(%d) = %v, %v", v, got, err)
		}
		in.Close()
	}
}

// The work of the rows gives the results that are wanted: calls and computations
// are those that the table names.
func TestWork(t *testing.T) {
	t.Chdir("../..")
	ctx := t.Context()
	e, l, err := newEngine(ctx, t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(missing, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &session{match: regexp.MustCompile("^calls/"), quick: true, engine: e, linker: l, tools: &wasmtime{dir: filepath.Join(missing, "none")}}
	defer func() { _ = e.Close(context.Background()) }()
	s.section = "calls"
	if err := calls(ctx, s); err != nil {
		t.Fatal(err)
	}
	for _, r := range s.rows {
		if r.Value <= 0 || r.OfTarget <= 0 || len(r.Peers) != 1 || r.Peers[0].Skipped == "" {
			t.Errorf("row %+v: want a figure, and a peer that cannot be had", r)
		}
	}
	if len(s.rows) != 5 {
		t.Errorf("%d rows, want 5", len(s.rows))
	}
	comp, err := s.load(ctx, kernelsFile)
	if err != nil {
		t.Fatal(err)
	}
	in, err := comp.Instantiate(ctx, nil, component.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, tt := range []struct {
		name      string
		arg, want uint32
	}{{"memory", 100, 5050}, {"fib", 20, 6765}, {"sieve", 1000, 168}, {"matmul", 50, 50}} {
		op, err := call(ctx, in, tt.name, tt.want, tt.arg)
		if err != nil {
			t.Fatal(err)
		}
		if err := op(); err != nil {
			t.Error(err)
		}
	}
}
