package inventory_test

import (
	"testing"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/lattice"
)

// TestClockOff has the clock of a host be far off: whether it can be reached goes by
// when its report came.
func TestClockOff(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, off := range []time.Duration{0, -24 * time.Hour, 24 * time.Hour, -20 * 365 * 24 * time.Hour} {
		h := inventory.Host{HostReport: lattice.HostReport{
			State: lattice.HostReady, Started: now.Add(off - time.Hour), Time: now.Add(off), Every: 2000,
		}, Seen: now.Add(-time.Second)}
		if h.Unreachable(now) {
			t.Errorf("off by %v: unreachable", off)
		}
		if h.Seen = now.Add(-time.Minute); !h.Unreachable(now) {
			t.Errorf("off by %v: not unreachable after a minute", off)
		}
	}
}
