package lead

import (
	"encoding/json"

	"github.com/wattle-dev/wattle/scheduler/state"
)

// sizeOf returns how many bytes a change takes in an entry, or a few more. Placements are
// most of what plans change, and not written to find out: their texts are nearly all that
// they have.
func sizeOf(c *state.Change) (int, error) {
	p := c.Placements
	if p == nil {
		text, err := json.Marshal(c)
		return len(text) + 1, err
	}
	size := placementsBytes + textBytes(string(c.Key)) + textBytes(string(p.Component))
	for i := range p.Hosts {
		at := &p.Hosts[i]
		size += placementBytes + textBytes(string(at.Host)) + textBytes(at.Spread) + textBytes(at.Why) + textBytes(at.Leaving)
		for key, value := range at.Annotations {
			size += pairBytes + textBytes(key) + textBytes(value)
		}
	}
	for i := range p.Passed {
		size += passedBytes + textBytes(p.Passed[i].Why)
		for _, id := range p.Passed[i].Hosts {
			size += pairBytes + textBytes(string(id))
		}
	}
	return size, nil
}

// What JSON has around texts, with numbers of twenty digits.
const (
	placementsBytes = len(`{"key":"","placements":{"component":"","hosts":[],"missing":,"passed":[]}},`) + 20
	placementBytes  = len(`{"host":"","revision":,"instances":,"spread":"","pinned":true,"annotations":{},"why":"","at":,"leaving":""},`) + 3*20
	passedBytes     = len(`{"why":"","count":,"hosts":[]},`) + 20
	pairBytes       = len(`"":"",`)
)

// textBytes returns how many bytes a text takes at most.
func textBytes(s string) int {
	n := 0
	for i := range len(s) {
		n += byteSizes[s[i]]
	}
	return n
}

// byteSizes has how many bytes each byte of a text takes at most.
var byteSizes = func() (sizes [256]int) {
	for i := range sizes {
		switch c := byte(i); {
		case c < ' ', c >= 0x7f, c == '"', c == '\\', c == '<', c == '>', c == '&':
			sizes[i] = len(`\u0000`)
		default:
			sizes[i] = 1
		}
	}
	return sizes
}()
