package invoke

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice/wire"
)

// TestRing fills the memory of calls that have ended several times over.
func TestRing(t *testing.T) {
	var r ring
	id := func(i int) (x wire.ExchangeID) {
		binary.BigEndian.PutUint64(x[:], uint64(i))
		return x
	}
	begin := time.Unix(1000, 0)
	const frame = 1 << 10 // more in all than ringBytes
	for i := range 3 * ringEntries {
		r.add(ended{id: id(i), at: begin.Add(time.Duration(i) * time.Second), to: "x", first: make([]byte, frame)})
		bytes := 0
		if i%997 == 0 {
			for k := range r.entries {
				bytes += len(r.entries[k].first)
			}
			if r.bytes > ringBytes || bytes != r.bytes || len(r.index) != len(r.entries) || len(r.entries) > ringEntries {
				t.Fatalf("after %d calls: %d bytes are kept and %d counted, %d entries, %d in the index", i, bytes, r.bytes, len(r.entries), len(r.index))
			}
		}
		if i >= ringEntries {
			gone := i - ringEntries
			if r.find(id(gone)) != nil || !r.forgot.Equal(begin.Add(time.Duration(gone)*time.Second)) {
				t.Fatalf("after %d calls: call %d is there, or %v is not when it ended", i, gone, r.forgot)
			}
		}
		if e := r.find(id(i)); e == nil || e.first == nil {
			t.Fatalf("call %d is not remembered", i)
		}
		if old := i - ringBytes/frame - 1; old >= 0 && i%997 == 0 {
			if e := r.find(id(old)); e != nil {
				if frames, lost := e.from(0); len(frames) > 0 || !lost {
					t.Fatalf("call %d still has frames", old)
				}
			}
		}
	}
}
