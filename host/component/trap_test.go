package component_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

func TestTrapText(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []wit.Value
		kind component.TrapKind
		want string
	}{
		{"crash", []wit.Value{true}, component.TrapWasm, "trap: unreachable"},
		{"divide", []wit.Value{uint32(1), uint32(0)}, component.TrapWasm, "trap: integer divide by zero"},
		{"peek", []wit.Value{uint32(65533)}, component.TrapWasm, "trap: out of bounds memory access"},
		{"recurse", []wit.Value{uint32(0)}, component.TrapWasm, "trap: stack overflow"},
	} {
		in := guest(t, component.Limits{})
		_, err := invoke(t, in, tt.name, tt.args...)
		trap := wantTrap(t, err, tt.kind)
		if trap.Error() != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, trap, tt.want)
		}
		// The engine gives no backtrace of a stack overflow.
		if len(trap.Frames) == 0 && tt.name != "recurse" || strings.Contains(trap.Backtrace(), "wazero") {
			t.Errorf("%s: backtrace\n%s", tt.name, trap.Backtrace())
		}
		wantDead(t, in)
	}
}

func TestBacktrace(t *testing.T) {
	in := guest(t, component.Limits{})
	if _, err := invoke(t, in, "crash", false); err != nil {
		t.Fatal(err)
	}
	_, err := invoke(t, in, "crash", true)
	trap := wantTrap(t, err, component.TrapWasm)
	want := "   0: M.innermost(i32)\n   1: M.middle(i32)\n   2: M.crash(i32)\n"
	if diff := cmp.Diff(want, trap.Backtrace()); diff != "" {
		t.Errorf("backtrace: -want +got\n%s", diff)
	}
}

// A panic of the host's own code ends the guest and is not taken for a trap of
// it. Where the host has its source is nothing that a message tells.
func TestHostPanic(t *testing.T) {
	for _, value := range []any{"whoops", errors.New("whoops"), nil} {
		in := hosted(t, &things{end: func(*component.Call, uint32) {
			if value == nil {
				_ = []int{}[len(os.Args)] // runtime.Error
			}
			panic(value)
		}}, component.Limits{})
		_, err := invoke(t, in, "end-then-spin", uint32(0))
		trap := wantTrap(t, err, component.TrapHost)
		if !strings.HasPrefix(trap.Error(), "trap: fault of the host, not of the guest: panic: ") || strings.ContainsAny(trap.Error(), "\n/") {
			t.Errorf("got %q", trap)
		}
		if value == nil && !strings.Contains(trap.HostStack, "trap_test.go") {
			t.Errorf("stack of the host:\n%s", trap.HostStack)
		}
	}
}

// A guest chooses the names in a backtrace, but not what a log looks like.
func TestBacktraceNames(t *testing.T) {
	in := instantiate(t, load(t, newEngine(t, nil), "names.wasm", nil), nil, component.Limits{})
	_, err := invoke(t, in, "run")
	trap := wantTrap(t, err, component.TrapWasm)
	text := trap.Backtrace()
	if strings.ContainsAny(text, "\x1b\r\t\u202e") || len(text) > 2000 || strings.Count(text, "\n") != len(trap.Frames) {
		t.Errorf("backtrace of %d bytes: %.1000q", len(text), text)
	}
}
