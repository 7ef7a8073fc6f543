package daemon_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
)

// trapper is a component whose instances trap when they are made: a core module with a
// start function that is unreachable, instantiated.
const trapper = "\x00asm\x0d\x00\x01\x00" +
	"\x01\x1c" + "\x00asm\x01\x00\x00\x00" + "\x01\x04\x01\x60\x00\x00" + "\x03\x02\x01\x00" + "\x08\x01\x00" + "\x0a\x05\x01\x03\x00\x00\x0b" +
	"\x02\x04\x01\x00\x00\x00"

// A component that cannot be started has failed, with or without a probe: nobody calls
// it, and a rollout to it ends.
func TestTrapsAtStart(t *testing.T) {
	w := newWorld(t)
	w.start()
	file := filepath.Join(t.TempDir(), "trapper.wasm")
	if err := os.WriteFile(file, []byte(trapper), 0o600); err != nil {
		t.Fatal(err)
	}
	w.want(w.upload("trapper", file))
	c := w.awaitComponent("trapper", "failed", func(c *lattice.ComponentStatus) bool { return c.State == lattice.ComponentFailed })
	if !strings.Contains(c.Reason, "start instance") || !strings.Contains(c.Reason, "unreachable") {
		t.Errorf("reason %q", c.Reason)
	}
	w.awaitReady("trapper", false)
}
