package sim

import (
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

const (
	latticeName lattice.Name = "sim"
	// epoch is the time of day at the beginning of a world, in milliseconds.
	epoch = 1_750_000_000_000
)

// Options says what world it is. The zero value is that of seed 0.
type Options struct {
	Seed uint64
	// Schedulers and Hosts are how many there are. If zero, the seed says.
	Schedulers, Hosts int
	// Chaos is for how many seconds there are faults. If zero, the seed says.
	Chaos int
	// Script has nothing happen by itself: no fault, and nobody who asks for anything.
	Script bool
	// Trace is given every event. If nil, only the last ones are kept.
	Trace io.Writer
	// Break has the world break a rule, to see that it is noticed.
	Break Break
}

// World is a scheduler and everything around it.
type World struct {
	opts  Options
	rand  *rand.Rand
	now   int64 // milliseconds since the beginning
	steps int
	queue queue
	trace trace

	replicas []*replica
	hosts    []*host
	byID     map[lattice.HostID]*host
	binaries map[string]binary

	store                                       *store
	desired, assignments, ready, reports, beats *bucket
	// documents are those that follow from the state.
	documents [4]*bucket

	rival  *rival
	rivals int

	// lied says that some host lies, or has.
	lied bool

	faults   faults
	operator operator
	check    check
	failure  *InvariantError
}

// binary is how a component's binary behaves.
type binary int

const (
	good binary = iota
	// broken cannot be loaded.
	broken
	// sick can be loaded, and is never ready.
	sick
)

// New returns the world of a seed.
func New(opts Options) *World {
	w := &World{opts: opts, rand: rand.New(rand.NewPCG(opts.Seed, 0x77_61_74_74_6c_65)), binaries: map[string]binary{}, byID: map[lattice.HostID]*host{}} //nolint:gosec // it is to be the same again
	w.trace.all = opts.Trace
	w.faults = faults{w: w, load: 0.0, cuts: map[[2]int]bool{}, away: map[int]bool{}}
	w.check = newCheck(w)
	w.operator = operator{w: w}
	w.store = &store{w: w, buckets: map[string]*bucket{}}
	names := wire.Buckets{Lattice: latticeName}
	w.desired, w.assignments = w.store.bucket(names.Desired()), w.store.bucket(names.Components())
	w.ready, w.reports = w.store.bucket(names.Ready()), w.store.bucket(names.Hosts())
	w.beats = w.store.bucket("wattle_" + string(latticeName) + "_scheduler")
	w.documents = [4]*bucket{lead.Desired: w.desired, lead.Components: w.assignments, lead.Links: w.store.bucket(names.Links()), lead.Configs: w.store.bucket(names.Config())}
	w.desired.written, w.assignments.written = w.check.desired, w.check.assignment
	schedulers, hosts := opts.Schedulers, opts.Hosts
	if schedulers == 0 {
		schedulers = []int{1, 3, 3, 3, 5}[w.rand.IntN(5)]
	}
	if hosts == 0 {
		hosts = 2 + w.rand.IntN(7)
	}
	w.note("%d schedulers, %d hosts", schedulers, hosts)
	for i := range schedulers {
		w.replicas = append(w.replicas, &replica{w: w, id: i, state: state.New(latticeName), skew: w.rand.Int64N(20_000) - 10_000})
	}
	for range hosts {
		w.addHost(!opts.Script)
	}
	for _, r := range w.replicas {
		r.start()
	}
	for _, h := range w.hosts {
		h.start()
	}
	return w
}

// addHost adds a host, of a kind that the seed says if various is set.
func (w *World) addHost(various bool) *host {
	n := len(w.hosts) + 1
	h := &host{
		w: w, n: n, id: hostID(n), group: lattice.DefaultGroup, labels: map[string]string{}, memory: 8 << 30, slow: 300,
	}
	if various {
		h.labels["zone"] = []string{"a", "b", "c"}[w.rand.IntN(3)]
		h.group = []lattice.GroupName{"default", "default", "edge"}[w.rand.IntN(3)]
		h.slow = []int64{100, 500, 3000}[w.rand.IntN(3)]
		h.memory = []uint64{1 << 30, 4 << 30, 16 << 30}[w.rand.IntN(3)]
		if w.chance(0.08) {
			h.lie = lies[w.rand.IntN(len(lies))]
			w.lied = true
			w.note("host %d lies: %s", n, h.lie)
		}
	}
	w.hosts = append(w.hosts, h)
	w.byID[h.id] = h
	return h
}

// hostID returns the ID of a host.
func hostID(n int) lattice.HostID {
	id := []byte("NAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	for i := len(id) - 1; n > 0; i, n = i-1, n/26 {
		id[i] = 'A' + byte(n%26) //nolint:gosec // less than 26
	}
	return lattice.HostID(id)
}

// digest returns the digest of a new binary.
func (w *World) digest(kind binary) string {
	d := fmt.Sprintf("sha256:%064x", len(w.binaries)+1)
	w.binaries[d] = kind
	return d
}

func (w *World) chance(p float64) bool { return p > 0 && w.rand.Float64() < p }

// latency is how long a message takes.
func (w *World) latency() int64 {
	if w.chance(w.faults.slow) {
		return 1 + w.rand.Int64N([]int64{3000, 3000, 3000, 15_000}[w.rand.IntN(4)])
	}
	return 1 + w.rand.Int64N(20)
}

func (w *World) after(ms int64, f func()) { w.queue.add(w.now+ms, f) }

// fail ends the world: an invariant does not hold.
func (w *World) fail(invariant, format string, args ...any) {
	if w.failure == nil {
		w.failure = &InvariantError{Seed: w.opts.Seed, Step: w.steps, Invariant: invariant, Detail: fmt.Sprintf(format, args...), Trace: w.trace.tail()}
	}
}

// Step carries out the next event and checks what must hold.
func (w *World) Step() {
	e := w.queue.next()
	w.now = e.at
	w.steps++
	e.do()
	w.check.all()
}

// until runs the world until a time.
func (w *World) until(ms int64) {
	for w.failure == nil && w.queue.events[0].at <= ms {
		w.Step()
	}
	w.now = max(w.now, ms)
}

// Steps is how many events there were, and Sum depends on every one of them.
func (w *World) Steps() int { return w.steps }

// Sum depends on the whole trace.
func (w *World) Sum() uint64 { return w.trace.sum }

// Failure is what did not hold, or nil.
func (w *World) Failure() *InvariantError { return w.failure }

// applyEntry applies an entry of the log to a replica's state.
func (w *World) applyEntry(r *replica, index uint64, one record) error {
	if one.data == nil {
		return nil
	}
	e, err := state.DecodeEntry(one.data)
	if err != nil {
		w.fail("entries can be read", "scheduler %d, entry %d: %v", r.id, index, err)
		return err
	}
	next, err := r.state.Apply(lattice.Stamp{Term: one.term, Index: index}, e)
	if err == nil {
		r.state = next
		if w.opts.Break == OtherClock && r.id == 1 && next.Seq == 5 {
			r.state, _ = next.With(state.Put(state.Record{Host: &state.Host{ID: hostID(1), State: lattice.HostCordoned, Labels: map[string]string{"clock": "other"}}}))
		}
	}
	return err
}
