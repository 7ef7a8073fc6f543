package guests_test

import (
	"testing"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/cli"
)

// randomTests are the tests of guests of wasi:random.
var randomTests = map[guest]func(*testing.T, guest){
	"random_bytes":        differ,
	"insecure_bytes":      differ,
	"insecure_seed_value": differ,
	"random_traps": func(t *testing.T, g guest) {
		for _, what := range []string{
			"random, 1 MiB and one", "random, all there are", "insecure, 1 MiB and one", "insecure, all there are",
		} {
			g.trap(t, wasi.Options{CLI: cli.Options{Args: []string{what}}}, "random bytes at once, at most 1048576 are allowed")
		}
	},
}

// differ is the test of a guest that prints 128 bits which are others each time.
func differ(t *testing.T, g guest) {
	a, b := g.pass(t, wasi.Options{}), g.pass(t, wasi.Options{})
	if len(a.stdout) != 16 || len(b.stdout) != 16 || a.stdout == b.stdout {
		t.Errorf("two runs print %x and %x, want 16 bytes that differ", a.stdout, b.stdout)
	}
}
