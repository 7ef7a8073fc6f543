package state_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// The size of the benchmarks.
const (
	benchComponents = 100_000
	benchHosts      = 10_000
)

// hostID returns the n-th of many hosts.
func hostID(n int) lattice.HostID {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	id := []byte("N" + strings.Repeat("A", 55))
	for i := len(id) - 1; n > 0; i-- {
		id[i] = digits[n%32]
		n /= 32
	}
	return lattice.HostID(id)
}

const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// component returns one with its placements on some hosts.
func component(id lattice.ComponentID, revision uint64, hosts ...lattice.HostID) (*state.Component, *state.Placements) {
	c := &state.Component{
		ID: id, Target: revision,
		Revisions: []state.Revision{{Number: revision, Ref: "file://./" + string(id) + ".wasm", Digest: digest, Routes: []lattice.Route{{Path: "/" + string(id)}}}},
		Rules:     lattice.Rules{Mode: lattice.ModeSpread, Instances: 10},
	}
	p := &state.Placements{Component: id}
	for _, h := range hosts {
		p.Hosts = append(p.Hosts, state.Placement{Host: h, Revision: revision, Instances: 10, Why: "it is among the least used of the hosts that fit", At: 1})
	}
	return c, p
}

func both(c *state.Component, p *state.Placements) []state.Change {
	return []state.Change{state.Put(state.Record{Component: c}), state.Put(state.Record{Placements: p})}
}

func apply(t testing.TB, s *state.State, changes ...state.Change) *state.State {
	t.Helper()
	next, err := s.Apply(lattice.Stamp{Term: 1, Index: s.Seq + 1}, &state.Entry{Base: s.Seq, At: 1, By: "test", Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func large(b *testing.B) *state.State {
	b.Helper()
	s := state.New("default")
	var changes []state.Change
	for n := range benchComponents {
		id := lattice.ComponentID(fmt.Sprintf("component-%d", n))
		changes = append(changes, both(component(id, 1, hostID(n%benchHosts), hostID((n*7+1)%benchHosts)))...)
		if len(changes) >= 1000 {
			s = apply(b, s, changes...)
			changes = nil
		}
	}
	return apply(b, s, append(changes, state.Put(state.Record{Host: &state.Host{ID: hostID(0), State: lattice.HostReady}}))...)
}

func BenchmarkState(b *testing.B) {
	s := large(b)
	b.Run("apply", func(b *testing.B) {
		b.ReportAllocs()
		c, p := component("component-500", 2, hostID(17), hostID(18))
		for b.Loop() {
			apply(b, s, both(c, p)...)
		}
	})
	b.Run("desired", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if d := s.Desired(hostID(500)); len(d.Components) == 0 {
				b.Fatal("it has no components")
			}
		}
	})
	b.Run("assignment", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if a := s.Assignment("component-500"); len(a.Variants) != 1 {
				b.Fatalf("%d variants", len(a.Variants))
			}
		}
	})
	b.Run("changed", func(b *testing.B) {
		c, p := component("component-500", 2, hostID(17), hostID(18))
		changes := both(c, p)
		after := apply(b, s, changes...)
		b.ReportAllocs()
		for b.Loop() {
			if state.Changed(s, after, changes).Empty() {
				b.Fatal("nothing changed")
			}
		}
	})
	b.Run("snapshot", func(b *testing.B) {
		for b.Loop() {
			if err := s.Snapshot(io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	})
	var all bytes.Buffer
	if err := s.Snapshot(&all); err != nil {
		b.Fatal(err)
	}
	b.Run("restore", func(b *testing.B) {
		b.SetBytes(int64(all.Len()))
		for b.Loop() {
			if _, err := state.Restore(bytes.NewReader(all.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("codec", func(b *testing.B) {
		b.ReportAllocs()
		c, p := component("component-500", 2, hostID(17), hostID(18))
		for b.Loop() {
			data, err := state.EncodeEntry(&state.Entry{Changes: both(c, p)})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := state.DecodeEntry(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
