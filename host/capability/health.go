package capability

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

const (
	// maxFault bounds what is said of a fault, in characters.
	maxFault = 200
	// healthPause is the shortest time between two times that somebody is told that there
	// is news: guests may use what works and does not as often as they like.
	healthPause = time.Second
)

// health is which links of a component do not work: what they were last used for failed,
// and the fault was that of what is behind them.
type health struct {
	changed func()

	mu     sync.Mutex
	faults map[faulty]lattice.LinkFault
	told   time.Time
}

// faulty is a link.
type faulty struct {
	kind string
	link lattice.LinkName
}

func newHealth(changed func()) *health {
	if changed == nil {
		changed = func() {}
	}
	return &health{changed: changed, faults: map[faulty]lattice.LinkFault{}}
}

// used says that a link was used. reason says why it did not work, for people; it is
// empty if it did.
func (h *health) used(kind string, name lattice.LinkName, reason string) {
	key := faulty{kind, name}
	now := time.Now()
	h.mu.Lock()
	fault, was := h.faults[key]
	switch {
	case reason == "" && !was:
		h.mu.Unlock()
		return // as nearly always
	case reason == "":
		delete(h.faults, key)
	default:
		if !was {
			fault = lattice.LinkFault{Link: name, Capability: kind, Since: now.UTC()}
		}
		fault.Reason = brief(reason)
		h.faults[key] = fault
	}
	// What is not told now goes with the next report that there is anyway.
	tell := was != (reason != "") && now.Sub(h.told) >= healthPause
	if tell {
		h.told = now
	}
	h.mu.Unlock()
	if tell {
		h.changed()
	}
}

// list returns the links that do not work, those first that have not for the longest
// time, as many as a report has.
func (h *health) list() []lattice.LinkFault {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.faults) == 0 {
		return nil
	}
	all := make([]lattice.LinkFault, 0, len(h.faults))
	for _, f := range h.faults {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b lattice.LinkFault) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Capability, b.Capability), cmp.Compare(a.Link, b.Link))
	})
	return all[:min(len(all), wire.MaxFaults)]
}

// brief returns the beginning of a reason as one line that can be printed.
func brief(reason string) string {
	n := 0
	text := strings.Map(func(c rune) rune {
		switch n++; {
		case n > maxFault:
			return -1
		case c == '\n' || c == '\t':
			return ' '
		case c == utf8.RuneError || !unicode.IsPrint(c):
			return '?'
		}
		return c
	}, reason)
	if n > maxFault {
		text += "…"
	}
	return text
}
