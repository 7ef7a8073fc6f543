package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// latticeName is that of the lattices of the benchmarks.
const latticeName = lattice.DefaultName

// Targets of the scheduler.
const (
	targetFull   = 2 * time.Second       // to place everything
	targetChange = 10 * time.Millisecond // for one change
	targetGrowth = 1.5                   // time of ten times as much, in tenths
	targetSpace  = 1.1                   // the same for memory
)

// Names of rows.
const (
	fullPass    = "full pass, from nothing"
	fullLog     = "entries of that"
	fullWrite   = "documents of that"
	leaderStart = "start of a leader"
	takeState   = "snapshot of the state"
	giveState   = "restore of the state"
)

// identity is who signs.
type identity struct {
	keyring  *trust.Keyring
	account  string
	creds    *trust.Creds
	signer   lattice.Signer
	verifier lattice.Verifier
}

func (s *session) newIdentity() (*identity, error) {
	i := &identity{}
	var err error
	if i.keyring, err = trust.OpenOrInit(filepath.Join(s.dir, "keys"), latticeName); err != nil {
		return nil, err
	}
	if i.account, err = i.keyring.Account(latticeName); err != nil {
		return nil, err
	}
	if i.creds, err = i.keyring.Issue(latticeName, trust.RoleScheduler, nil); err != nil {
		return nil, err
	}
	if i.signer, err = trust.NewSigner(i.creds); err != nil {
		return nil, err
	}
	i.verifier, err = trust.NewVerifier(latticeName, i.account)
	return i, err
}

// schedulers measures schedulers.
func schedulers(ctx context.Context, s *session) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	i, err := s.newIdentity()
	if err != nil {
		return err
	}
	return errors.Join(s.decisions(ctx, i), s.heartbeats(i), s.manifests(ctx, i), s.application(ctx, i))
}

// size is of a lattice.
type size struct{ hosts, components int }

func (z size) String() string { return fmt.Sprintf("%d hosts, %d components", z.hosts, z.components) }

// decisions measures decisions at two sizes, and how their costs grow.
func (s *session) decisions(ctx context.Context, id *identity) error {
	sizes := pick(s, []size{{100, 1000}, {1000, 10_000}}, []size{{1000, 10_000}, {10_000, 100_000}})
	small := map[string]float64{}
	for at, z := range sizes {
		d := &deciding{session: s, ctx: ctx, size: z}
		if at > 0 {
			d.small, d.times = small, float64(z.components)/float64(sizes[0].components)
		}
		var err error
		if d.fleet, err = newFleet(id, z.hosts, z.components); err != nil {
			return err
		}
		figures, err := d.all()
		if err != nil {
			return err
		}
		small = figures
		d.fleet = nil
		runtime.GC()
	}
	return nil
}

// deciding measures the decisions of a leader of one fleet.
type deciding struct {
	*session
	*fleet
	ctx   context.Context //nolint:containedctx // of one measurement
	size  size
	small map[string]float64 // figures of a fleet that is smaller by so many times
	times float64
	got   map[string]float64
}

// figure adds a row, and another one of how the figure has grown.
func (d *deciding) figure(name string, r row, grows bool, bound float64, measure func(*row) error) error {
	r.Name = name + ", " + d.size.String()
	if err := d.row(r, func(r *row) error {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		err := measure(r)
		d.got[name] = r.Value
		return err
	}); err != nil {
		return err
	}
	before := d.small[name]
	if before == 0 || d.got[name] == 0 {
		return nil
	}
	growth := row{Name: fmt.Sprintf("%s, growth with %.0f times as much", name, d.times), Unit: factor, Target: bound, Value: d.got[name] / before}
	if grows {
		growth.Value /= d.times
		growth.Note = "1 is linear"
	} else {
		growth.Note = "1 is none"
	}
	return d.row(growth, func(*row) error { return nil })
}

func (d *deciding) all() (map[string]float64, error) {
	d.got = map[string]float64{}
	for _, measure := range []func() error{d.full, d.leadership, d.snapshot, d.changes, d.memory} {
		if err := measure(); err != nil {
			return nil, err
		}
	}
	return d.got, nil
}

// clocked measures what is too large for batches, by the processor time of all of it. It
// is what a profile is taken of, if it is what a row that is asked for is about.
func (d *deciding) clocked(name string, into *float64, f func() error) error {
	runtime.GC()
	if d.profile != "" && name != "" && d.want(name+", "+d.size.String()) {
		stop, err := profiled(d.profile)
		if err != nil {
			return err
		}
		defer stop()
		d.profile = ""
	}
	begin := processorTime()
	err := f()
	*into = float64(processorTime() - begin)
	return err
}

// full measures how long it takes until everything has its place, where nothing has. Then
// everything is where it ought to be.
func (d *deciding) full() error {
	if err := d.begin(); err != nil {
		return err
	}
	var decided, written float64
	d.logging = 0
	before := d.index
	if err := d.clocked(fullPass, &decided, d.rounds); err != nil {
		return err
	}
	logged, entries := float64(d.logging), d.index-before
	documents := 0
	if err := d.clocked(fullWrite, &written, func() (err error) { documents, err = d.write(); return err }); err != nil {
		return err
	}
	placed := 0
	for p := range d.state.AllPlacements() {
		placed += len(p.Hosts)
	}
	if placed < d.size.components {
		return fmt.Errorf("%d of %d components have a place", placed, d.size.components)
	}
	if err := d.settle(); err != nil {
		return err
	}
	err := d.figure(fullPass, row{Unit: nanoseconds, Target: float64(targetFull)}, true, targetGrowth, func(r *row) error {
		r.Value = decided - logged
		r.Peers = []peer{{Name: "walk and sort as many records", Value: d.walk()}}
		r.Note = fmt.Sprintf("%d entries", entries)
		return nil
	})
	if err != nil {
		return err
	}
	err = d.figure(fullLog, row{Unit: nanoseconds}, true, targetGrowth, func(r *row) error {
		r.Value = logged
		r.Note = "written, read, checked and applied, without disk and network"
		return nil
	})
	if err != nil {
		return err
	}
	return d.figure(fullWrite, row{Unit: nanoseconds}, true, targetGrowth, func(r *row) error {
		sign, verify, err := d.signatures()
		r.Value = written + sign + verify
		r.Peers = []peer{{Name: "sign and verify them alone", Value: sign + verify}}
		r.Note = fmt.Sprintf("%d documents", documents)
		return err
	})
}

// walk is what it costs to go through as many components and hosts, and to sort them.
func (d *deciding) walk() (took float64) {
	_ = d.clocked("", &took, func() error {
		records := make([]*state.Component, 0, d.size.components)
		for c := range d.state.Components() {
			records = append(records, c)
		}
		slices.SortFunc(records, func(a, b *state.Component) int {
			return cmp.Or(cmp.Compare(a.Revisions[0].Digest, b.Revisions[0].Digest), cmp.Compare(a.ID, b.ID))
		})
		hosts := slices.Clone(d.hosts)
		slices.SortFunc(hosts, func(a, b *lattice.HostReport) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
		return nil
	})
	return took
}

// signatures is what it costs to sign all documents, and to verify them, known from some
// of them.
func (d *deciding) signatures() (sign, verify float64, err error) {
	const some = 2000
	signed := map[lead.Doc][]byte{}
	err = d.clocked("", &sign, func() error {
		for doc, value := range d.shelf {
			if len(signed) == some {
				break
			}
			if signed[doc], err = d.signer.Sign(bucketOf(doc), doc.Key, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	err = d.clocked("", &verify, func() error {
		for doc, value := range signed {
			if _, err := d.trusts.Scheduler(bucketOf(doc), doc.Key, value); err != nil {
				return err
			}
		}
		return nil
	})
	times := float64(len(d.shelf)) / float64(len(signed))
	return sign * times, verify * times, err
}

// heap is what is reachable, in bytes.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// memory measures what a leader keeps: the state, what it knows of hosts and placements,
// and what it has seen of documents.
func (d *deciding) memory() error {
	return d.figure("memory of a leader", row{Unit: kibibytes}, true, targetSpace, func(r *row) error {
		with := heap()
		d.lead = nil
		without := heap()
		d.state = nil
		stateless := heap()
		r.Value = (with - stateless) / 1024
		each := func(bytes float64) string { return fmt.Sprintf("%.0f B", bytes/float64(d.size.components)) }
		r.Note = fmt.Sprintf("of a placement: state %s, the leader's knowledge %s", each(without-stateless), each(with-without))
		return nil
	})
}

// leadership measures how long a new leader needs until it decides.
func (d *deciding) leadership() error {
	return d.figure(leaderStart, row{Unit: nanoseconds}, true, targetGrowth, func(r *row) error {
		err := d.clocked(leaderStart, &r.Value, func() error {
			if err := d.begin(); err != nil {
				return err
			}
			if err := d.rounds(); err != nil {
				return err
			}
			n, err := d.write()
			if err == nil && n > 0 {
				err = fmt.Errorf("%d documents are written where all is well", n)
			}
			return err
		})
		if err != nil {
			return err
		}
		_, verify, err := d.signatures()
		r.Value += verify
		r.Peers = []peer{{Name: "verify the documents alone", Value: verify}}
		r.Note = fmt.Sprintf("everything is looked at, %d documents are as they should be", len(d.shelf))
		return err
	})
}
