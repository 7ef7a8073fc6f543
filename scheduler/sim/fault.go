package sim

import (
	"maps"
	"slices"
)

// faults is what goes wrong.
type faults struct {
	w *World
	// drop, repeat and slow are the chances that a message is lost, comes twice and is
	// late, load that a binary cannot be fetched.
	drop, repeat, slow, load float64
	// denial is for how long a leader that was deposed may not hear of it.
	denial int64
	// cuts are the ways between replicas that nothing passes, away those that do not
	// reach the buckets.
	cuts map[[2]int]bool
	away map[int]bool
	on   bool
}

// linked reports whether messages pass from one replica to another.
func (f *faults) linked(from, to *replica) bool { return !f.cuts[[2]int{from.id, to.id}] }

// begin has things go wrong until end.
func (f *faults) begin(end int64) {
	w := f.w
	f.on = true
	f.drop = []float64{0, 0.01, 0.05}[w.rand.IntN(3)]
	f.repeat = []float64{0, 0.02, 0.1}[w.rand.IntN(3)]
	f.slow = []float64{0, 0.01, 0.05}[w.rand.IntN(3)]
	f.load = []float64{0, 0, 0.1}[w.rand.IntN(3)]
	f.denial = []int64{0, 1000, 5000}[w.rand.IntN(3)]
	w.note("faults begin: drop %v repeat %v slow %v load %v denial %v", f.drop, f.repeat, f.slow, f.load, f.denial)
	f.again([]int64{1500, 6000, 20_000}[w.rand.IntN(3)], end)
}

// again has something go wrong in a while, and so on.
func (f *faults) again(pause, end int64) {
	f.w.after(1+f.w.rand.Int64N(pause), func() {
		if f.w.now >= end {
			return
		}
		f.strike()
		f.again(pause, end)
	})
}

// strike has something go wrong.
func (f *faults) strike() {
	w := f.w
	switch w.rand.IntN(16) {
	case 0, 1:
		if r := w.replicas[w.rand.IntN(len(w.replicas))]; r.up {
			r.stop()
			w.after(200+w.rand.Int64N(12_000), func() {
				if !r.up {
					r.start()
				}
			})
		}
	case 2:
		r := w.replicas[w.rand.IntN(len(w.replicas))]
		if i := slices.IndexFunc(w.replicas, func(r *replica) bool { return r.leading }); i >= 0 && w.chance(0.5) {
			r = w.replicas[i]
		}
		if r.up {
			r.paused = w.now + 100 + w.rand.Int64N(10_000)
			r.note("is paused for %d ms", r.paused-w.now)
		}
	case 3:
		f.part()
	case 4:
		r := w.replicas[w.rand.IntN(len(w.replicas))]
		f.away[r.id] = true
		r.note("does not reach the buckets")
		w.after(100+w.rand.Int64N(10_000), func() { f.back(r) })
	case 5:
		r := w.replicas[w.rand.IntN(len(w.replicas))]
		r.skew = w.rand.Int64N(86_400_000) - 43_200_000
		r.note("has its clock jump by %d s", r.skew/1000)
	case 6, 7:
		if h := w.hosts[w.rand.IntN(len(w.hosts))]; h.up {
			f.kill(h, 200+w.rand.Int64N(20_000))
		}
	case 8, 9:
		if h := w.hosts[w.rand.IntN(len(w.hosts))]; h.up && !h.cut {
			h.cut, h.hurt = true, w.now
			h.note("is cut off")
			w.after(100+w.rand.Int64N(15_000), func() { f.join(h) })
		}
	case 10:
		if w.chance(0.3) && len(w.hosts) < 12 {
			h := w.addHost(true)
			h.note("is new")
			h.start()
		}
	case 11:
		if w.chance(0.2) {
			b := []*bucket{w.desired, w.assignments, w.reports, w.ready, w.beats}[w.rand.IntN(5)]
			w.note("bucket %s is lost", b.name)
			w.lose(b, w.chance(0.5))
		}
	case 12:
		if w.chance(0.3) {
			w.rivalry(3000 + w.rand.Int64N(20_000))
		}
	case 13, 14:
		h := w.hosts[w.rand.IntN(len(w.hosts))]
		ids := slices.Sorted(maps.Keys(h.runners))
		if h.up && len(ids) > 0 {
			if r := h.runners[ids[w.rand.IntN(len(ids))]]; r.serves() && !r.stopping {
				r.ail([]int64{2000, 15_000, 150_000, 150_000}[w.rand.IntN(4)])
			}
		}
	case 15:
		h := w.hosts[w.rand.IntN(len(w.hosts))]
		h.unstored = w.now + 1000 + w.rand.Int64N(9000)
		h.note("has its reports not be taken for %d ms", h.unstored-w.now)
	}
}

// lose has a bucket be lost. Hosts find soon that what they said of readiness is gone, and
// say it again. suddenly has watches find it before they give what was on its way.
func (w *World) lose(b *bucket, suddenly bool) {
	b.wipe()
	w.check.wiped(b)
	if suddenly {
		for _, one := range slices.Clone(b.watches) {
			one.begin()
		}
	}
	for _, h := range w.hosts {
		if b == w.ready && h.up {
			h.after(1000, h.flush)
		}
	}
}

// part cuts the replicas in two, or one way between two of them.
func (f *faults) part() {
	w := f.w
	cut := func(a, b int) {
		f.cuts[[2]int{a, b}] = true
		w.note("nothing passes from scheduler %d to scheduler %d", a, b)
		w.after(100+w.rand.Int64N(15_000), func() {
			if f.cuts[[2]int{a, b}] {
				delete(f.cuts, [2]int{a, b})
				w.note("scheduler %d reaches scheduler %d", a, b)
			}
		})
	}
	n := len(w.replicas)
	if n == 1 {
		return
	}
	if w.chance(0.3) {
		if a, b := w.rand.IntN(n), w.rand.IntN(n); a != b {
			cut(a, b)
		}
		return
	}
	side := make([]bool, n)
	for i := range side {
		side[i] = w.chance(0.5)
	}
	for a := range n {
		for b := range n {
			if side[a] != side[b] {
				cut(a, b)
			}
		}
	}
}

// kill ends a host's process, which comes back after a while, maybe with an empty disk.
func (f *faults) kill(h *host, back int64) {
	h.note("dies")
	h.stop()
	f.w.after(back, func() { f.revive(h) })
}

func (f *faults) revive(h *host) {
	if h.up {
		return
	}
	if f.on && f.w.chance(0.1) {
		h.note("has lost its disk")
		h.desired = nil
		f.w.check.forgot(h)
	}
	h.start()
}

func (f *faults) join(h *host) {
	if h.cut {
		h.cut, h.hurt = false, f.w.now
		h.note("is back")
	}
}

func (f *faults) back(r *replica) {
	if f.away[r.id] {
		delete(f.away, r.id)
		r.note("reaches the buckets")
	}
}

// end mends everything, for good.
func (f *faults) end() {
	w := f.w
	f.on, f.drop, f.repeat, f.slow, f.load, f.denial = false, 0, 0, 0, 0, 100
	clear(f.cuts)
	w.note("faults end")
	if w.rival != nil {
		w.rival.end()
	}
	for _, r := range w.replicas {
		f.back(r)
		r.paused = min(r.paused, w.now)
		if !r.up {
			r.start()
		}
	}
	for _, h := range w.hosts {
		if h.lie != honest {
			h.lie, h.hurt, h.relabelled = honest, w.now, w.now
		}
		h.unstored = min(h.unstored, w.now)
		f.join(h)
		f.revive(h)
	}
}
