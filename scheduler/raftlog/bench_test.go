package raftlog_test

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// BenchmarkPropose carries entries into a log on a disk, one after the other, and many
// at a time; on one node and on three.
func BenchmarkPropose(b *testing.B) {
	one := func(b *testing.B) *raftlog.Node { return single(b, b.TempDir()) }
	three := func(b *testing.B) *raftlog.Node {
		l, _ := leader(b, newNetwork(b).cluster(b, 3, func(o *raftlog.Options) { o.Logger = nil })...)
		return l.Node
	}
	for name, open := range map[string]func(*testing.B) *raftlog.Node{"one": one, "three": three} {
		b.Run(name+"/single", func(b *testing.B) {
			n := open(b)
			i := 0
			for b.Loop() {
				propose(b, n, i)
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
		b.Run(name+"/batched", func(b *testing.B) {
			n := open(b)
			would := n.State()
			var last *raftlog.Proposal
			i := 0
			for b.Loop() {
				e := &state.Entry{Base: would.Seq, Changes: put(i)}
				p, err := n.Submit(b.Context(), e)
				if err != nil {
					b.Fatal(err)
				}
				if would, err = would.Apply(lattice.Stamp{}, e); err != nil {
					b.Fatal(err)
				}
				last = p
				i++
			}
			if _, err := last.Wait(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
