package component_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// FuzzReset demands that an instance which is used again is like a new one,
// whatever the last user had it do: each byte of the input is an operation.
func FuzzReset(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 200, 9, 0, 1, 3, 1, 77})
	f.Add([]byte{1, 5, 3, 0, 3, 1, 4, 1, 2, 0})
	f.Add([]byte{5, 255, 0, 1, 6, 0})
	l, _ := newLinker(f)
	wasm, err := os.ReadFile("testdata/reset.wasm")
	if err != nil {
		f.Fatal(err)
	}
	open := func(idle int) *component.Component {
		c, err := newEngine(f, &component.EngineOptions{MaxIdle: idle}).Load(f.Context(), wasm, l)
		if err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { _ = c.Close(context.Background()) })
		return c
	}
	again, anew := open(1), open(-1)
	// look returns what can be seen of an instance, and uses it.
	look := func(t *testing.T, c *component.Component, ops []byte) (seen []wit.Value) {
		state := &things{}
		in, err := c.Instantiate(t.Context(), state, component.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		call := func(name string, args ...wit.Value) bool {
			got, err := invoke(t, in, name, args...)
			if err != nil {
				seen = append(seen, err.Error())
				return false
			}
			seen = append(seen, got...)
			return true
		}
		call("digest")
		seen = append(seen, in.Memory())
		for ok := true; ok && len(ops) >= 2; ops = ops[2:] {
			arg := binary.LittleEndian.Uint64([]byte{ops[1], ops[0], ops[1], ops[0], ops[1], 0, ops[0], ops[1]})
			switch ops[0] % 8 {
			case 0:
				ok = call("store", uint32(arg)*0x9e3779b1, arg)
			case 1:
				ok = call("set", arg)
			case 2:
				ok = call("grow")
			case 3:
				ok = call("make", uint32(arg))
			case 4:
				ok = call("drop", uint32(ops[1]))
			case 5:
				ok = call("deep", uint32(ops[1])*100)
			case 6:
				ok = call("digest")
			case 7:
				ok = call("trap")
			}
		}
		seen = append(seen, in.Memory())
		in.Close()
		return append(seen, state.drops)
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		ops = ops[:min(len(ops), 200)]
		want := look(t, anew, ops)
		for range 3 {
			got := look(t, again, ops)
			if len(got) != len(want) {
				t.Fatalf("saw %v, want %v", got, want)
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("saw %v, want %v: number %d differs", got, want, i)
				}
			}
		}
	})
}

// BenchmarkReuse measures an instance that is used again against a new one.
func BenchmarkReuse(b *testing.B) {
	for _, file := range []string{"testdata/flat.wasm", "../../examples/calc/calc.wasm"} {
		wasm, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		for name, idle := range map[string]int{"new": -1, "again": 1} {
			b.Run(file+"/"+name, func(b *testing.B) {
				c, err := newEngine(b, &component.EngineOptions{MaxIdle: idle}).Load(b.Context(), wasm, nil)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					in, err := c.Instantiate(b.Context(), nil, component.Limits{})
					if err != nil {
						b.Fatal(err)
					}
					in.Close()
				}
			})
		}
	}
}

// TestReuse demands that an instance which ended well waits to be used again, and
// that one which has grown its memory or trapped does not.
func TestReuse(t *testing.T) {
	l, _ := newLinker(t)
	e := newEngine(t, nil)
	c := load(t, e, "reset.wasm", l)
	instantiate(t, c, &things{}, component.Limits{}).Close() // leaves the state for the others
	for _, test := range []struct {
		does string
		idle int
	}{{"digest", 1}, {"grow", 0}, {"digest", 1}, {"trap", 0}} {
		in := instantiate(t, c, &things{}, component.Limits{})
		if n := e.Stats().Idle; n != 0 {
			t.Errorf("%d instances are idle while one runs", n)
		}
		if _, err := invoke(t, in, test.does); err != nil && test.does != "trap" {
			t.Fatal(err)
		}
		in.Close()
		if n := e.Stats().Idle; n != test.idle {
			t.Errorf("%d instances are idle after %s, want %d", n, test.does, test.idle)
		}
	}
}

// TestReuseHalfStarted ends the context of a start that has a state to start from: what
// there is of the instance is not used again.
func TestReuseHalfStarted(t *testing.T) {
	l, _ := newLinker(t)
	e := newEngine(t, nil)
	c := load(t, e, "reset.wasm", l)
	in := instantiate(t, c, &things{}, component.Limits{}) // leaves the state for the others
	defer in.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Instantiate(ctx, &things{}, component.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("the start of a caller that has gone: %v, want %v", err, context.Canceled)
	}
	if n := e.Stats().Idle; n != 0 {
		t.Errorf("%d instances are idle, want none", n)
	}
}
