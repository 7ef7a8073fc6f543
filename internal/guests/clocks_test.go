package guests_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/clocks"
	"github.com/wattle-dev/wattle/host/wasi/filesystem"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/memfs"
)

// clocksTests are the tests of guests of wasi:clocks.
var clocksTests = map[guest]func(*testing.T, guest){
	"monotonic_now":       passesCoarse,
	"monotonic_subscribe": passesCoarse,
	"clocks_coarse": func(t *testing.T, g guest) {
		memory := filesystem.Preopen{Path: "/", Dir: memfs.New(provider.Limits{}).Root(), Writable: true}
		for _, root := range []filesystem.Preopen{writable(t, "/", t.TempDir()), memory} {
			o := preopens(root)
			o.Clocks.Resolution = coarse
			g.pass(t, o)
		}
		if o := g.run(t, wasi.Options{}); o.code != 1 || !strings.Contains(o.stderr, "resolution() is 1, want 20000000") {
			t.Errorf("with the clocks of the host the guest ended with %d, %v, and said %q", o.code, o.err, o.stderr)
		}
	},
	"timezone_utc": passes,
	"wall_now": func(t *testing.T, g guest) {
		before := time.Now().Unix()
		o := g.pass(t, wasi.Options{})
		after := time.Now().Unix()
		if now, err := strconv.ParseInt(o.stdout, 10, 64); err != nil || now < before || now > after {
			t.Errorf("the guest says that it is %q, %v, want from %d to %d", o.stdout, err, before, after)
		}
	},
}

// coarse is the resolution of clocks that are coarse.
const coarse = 20 * time.Millisecond

// passesCoarse is the test of a guest that needs nothing, with clocks of any
// resolution.
func passesCoarse(t *testing.T, g guest) {
	passes(t, g)
	g.pass(t, wasi.Options{Clocks: clocks.Options{Resolution: coarse}})
}
