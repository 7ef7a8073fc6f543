package natsmessaging

import (
	"slices"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/providers/messaging"
)

// Whatever a header says, a chain that is read is one that could have been written, and
// metadata are within their bounds.
func FuzzHeader(f *testing.F) {
	f.Add("http,component/a", "3", "x", "y")
	f.Add("%2C,%", "-1", "Content-Type", "text/plain")
	f.Add("a%0D%0Ab", "16", "Nats-Msg-Id", "\xff")
	f.Fuzz(func(t *testing.T, callers, depth, key, value string) {
		h := lattice.Header{callersField: {callers}, depthField: {depth}}
		if inv, ok := parseChain(h); ok {
			var again []string
			for _, c := range inv.Callers {
				again = append(again, escape(string(c)))
				if c == "" || len(c) > wire.MaxCallerName {
					t.Errorf("caller %q", c)
				}
			}
			if strings.Join(again, ",") != callers || inv.Depth < 0 || inv.Depth > lattice.DefaultDepth || len(inv.Callers) > lattice.MaxCallers {
				t.Errorf("%q is read as %+v", callers, inv)
			}
		}
		if name, ok := unescape(escape(key)); ok != (key != "" && len(key) <= wire.MaxCallerName && strings.ToValidUTF8(key, "") == key) || ok && name != key {
			t.Errorf("%q is escaped as %q and read as %q, %v", key, escape(key), name, ok)
		}
		h[key] = []string{value}
		var m messaging.Message
		fields(&m, h)
		if err := m.CheckFields(); err != nil {
			t.Errorf("fields of %q: %v", h, err)
		}
		if slices.ContainsFunc(m.Metadata, func(f messaging.Field) bool { return messaging.Reserved(f.Key) }) {
			t.Errorf("reserved fields are metadata: %v", m.Metadata)
		}
	})
}
