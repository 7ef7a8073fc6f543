package sockets

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

func TestFoundAddressesAreBounded(t *testing.T) {
	addr := func(i int) netip.Addr {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], 10<<24+uint32(i))
		return netip.AddrFrom4(b)
	}
	var f found
	for i := range 2 * maxFound {
		f.add("a.example", addr(i))
		f.add("a.example", addr(i))
	}
	if n := len(f.list); n != maxFound {
		t.Errorf("%d addresses are kept, want %d", n, maxFound)
	}
	if f.has("a.example", addr(0)) || !f.has("a.example", addr(2*maxFound-1)) || f.has("b.example", addr(2*maxFound-1)) {
		t.Error("the addresses kept are not the newest of their name")
	}
	f.add("a.example", netip.MustParseAddr("fe80::1"))
	if f.has("a.example", netip.MustParseAddr("fe80::1")) {
		t.Error("a name stands for an address of the network link")
	}
}
