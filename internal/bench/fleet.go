package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// fleet is a lattice of which only the leader of its schedulers is real, with hosts
// that do what they are told. The log is what a log does to entries, without the disk;
// the buckets take whatever is written. Time stands still unless a benchmark moves it.
type fleet struct {
	lead    *lead.Leader
	state   *state.State // what is in the log
	signer  lattice.Signer
	trusts  lattice.Verifier
	hosts   []*lattice.HostReport
	now     int64
	index   uint64
	version int
	// revision is that of the last document that was written.
	revision uint64
	// shelf is what is in the buckets, without signatures.
	shelf map[lead.Doc][]byte
	// signs says that documents are signed and verified. What that costs for very many is
	// known from a few.
	signs bool
	// told are the hosts whose documents were written since they obeyed.
	told map[lattice.HostID]bool
	byID map[lattice.HostID]*lattice.HostReport
	// logging is what the log has cost so far.
	logging time.Duration
}

// zones is of how many kinds hosts are.
const zones = 3

// newFleet returns one of so many hosts and components of which nothing is placed.
func newFleet(i *identity, hosts, components int) (*fleet, error) {
	f := &fleet{
		state: state.New(latticeName), signer: i.signer, trusts: i.verifier, now: 1000, shelf: map[lead.Doc][]byte{},
		told: map[lattice.HostID]bool{}, byID: map[lattice.HostID]*lattice.HostReport{},
	}
	for all := range slices.Chunk(componentsOf(components), state.MaxChanges) {
		f.index++
		var err error
		if f.state, err = f.state.Apply(lattice.Stamp{Term: 1, Index: f.index}, &state.Entry{Base: f.state.Seq, Changes: all}); err != nil {
			return nil, err
		}
	}
	for i := range hosts {
		f.add(hostReport(hostID(i), i))
	}
	return f, nil
}

// add adds a host, of which the leader has not heard.
func (f *fleet) add(h *lattice.HostReport) {
	f.hosts = append(f.hosts, h)
	f.byID[h.ID] = h
}

// componentsOf returns the records of so many components.
func componentsOf(n int) []state.Change {
	changes := make([]state.Change, n)
	for i := range changes {
		c := &state.Component{
			ID: lattice.ComponentID(fmt.Sprintf("component-%06d", i)), Target: 1,
			Revisions: []state.Revision{{Number: 1, Ref: fmt.Sprintf("registry.example.com/team/component-%06d:1.0.0", i), Digest: digestOf(i)}},
			Rules:     lattice.Rules{Mode: lattice.ModeSpread, Instances: 1, Resources: lattice.Resources{CPUMillis: 50, MemoryBytes: 64 << 20}},
		}
		switch i % 4 {
		case 0:
			c.Rules.Labels = map[string]string{"zone": "b"}
		case 1:
			c.Rules.Spread = []lattice.Spread{
				{Name: "a", Weight: 2, Requirements: map[string]string{"zone": "a"}},
				{Name: "c", Weight: 1, Requirements: map[string]string{"zone": "c"}},
			}
		}
		changes[i] = state.Put(state.Record{Component: c})
	}
	return changes
}

func digestOf(i int) string { return fmt.Sprintf("sha256:%064x", i+1) }

// hostID returns the ID of the i-th host.
func hostID(i int) lattice.HostID {
	digits := strings.Map(func(c rune) rune { return c - '0' + 'A' }, fmt.Sprintf("%055d", i))
	return lattice.HostID("N" + digits)
}

func hostReport(id lattice.HostID, i int) *lattice.HostReport {
	return &lattice.HostReport{
		ID: id, Name: fmt.Sprint("host-", i), Lattice: latticeName, Group: lattice.DefaultGroup, Version: "1.0.0", State: lattice.HostReady,
		Labels:   map[string]string{"zone": string(rune('a' + i%zones)), "name": fmt.Sprint(i)},
		Capacity: lattice.Capacity{CPUs: 16, MemoryBytes: 64 << 30},
		Load:     lattice.Load{AvailableBytes: 60 << 30, MemoryBytes: 1 << 30},
		Every:    1000,
	}
}

// begin has a leader begin: it is told what is in the buckets, and what hosts report.
func (f *fleet) begin() error {
	f.lead = lead.New(lead.Options{Term: 1, BeginAnew: true}, f.now, f.state)
	for d, value := range f.shelf {
		f.lead.Saw(d, value, f.revision, false)
	}
	for _, h := range f.hosts {
		report := *h
		f.lead.Heard(f.now, h.ID, &report, true)
	}
	f.lead.Beat(f.now)
	return f.lead.Begin()
}

func bucketOf(d lead.Doc) string {
	return [...]string{lead.Desired: "desired", lead.Components: "components", lead.Links: "links", lead.Configs: "configs"}[d.Bucket]
}

// rounds has the leader do what is to be done, until there is nothing.
func (f *fleet) rounds() error {
	for {
		p, next, err := f.lead.Round(f.now, f.now)
		switch {
		case err != nil:
			return err
		case p != nil:
			if err := f.carry(p); err != nil {
				return err
			}
		case next > f.now:
			return nil
		}
	}
}

// carry puts what was decided into the log.
func (f *fleet) carry(p *lead.Proposal) error {
	if err := f.lead.Accept(f.now, p); err != nil {
		return err
	}
	begin := processorTime()
	for _, e := range p.Entries {
		data, err := state.EncodeEntry(e)
		if err != nil {
			return err
		}
		again, err := state.DecodeEntry(data)
		if err != nil {
			return err
		}
		f.index++
		if f.state, err = f.state.Apply(lattice.Stamp{Term: 1, Index: f.index}, again); err != nil {
			return err
		}
	}
	f.logging += processorTime() - begin
	f.lead.Applied(f.now, f.state, p)
	return nil
}

// write writes the documents that are due, and has the leader see them, as it does when it
// watches the buckets. It returns how many there were.
func (f *fleet) write() (n int, err error) {
	for _, phase := range f.lead.Due() {
		for _, d := range phase {
			w, err := f.lead.Write(d)
			if err != nil {
				return n, err
			}
			if w == nil {
				continue
			}
			n++
			f.revision++
			if w.Delete {
				delete(f.shelf, d)
				f.lead.Wrote(w, 0)
				continue
			}
			f.shelf[d] = w.Value
			if d.Bucket == lead.Desired {
				f.told[lattice.HostID(d.Key)] = true
			}
			if f.signs {
				if err := f.sign(d); err != nil {
					return n, err
				}
			}
			f.lead.Wrote(w, f.revision)
			f.lead.Saw(d, w.Value, f.revision, false)
		}
	}
	return n, nil
}

// sign signs a document, and verifies it as the leader does that sees it again.
func (f *fleet) sign(d lead.Doc) error {
	signed, err := f.signer.Sign(bucketOf(d), d.Key, f.shelf[d])
	if err != nil {
		return err
	}
	_, err = f.trusts.Scheduler(bucketOf(d), d.Key, signed)
	return err
}

// obey has a host run what it was told, and say so.
func (f *fleet) obey(h *lattice.HostReport) error {
	d, err := wire.DecodeDesired(f.shelf[lead.Doc{Bucket: lead.Desired, Key: string(h.ID)}], latticeName, h.ID)
	if err != nil {
		return err
	}
	*h = *obeyed(h, d)
	report := *h
	f.lead.Heard(f.now, h.ID, &report, true)
	return nil
}

// obeyed is what a host reports that does what it is told.
func obeyed(h *lattice.HostReport, d *lattice.Desired) *lattice.HostReport {
	next := *h
	next.Applied, next.Components = d.Stamp, nil
	for i := range d.Components {
		c := &d.Components[i]
		next.Components = append(next.Components, lattice.ComponentStatus{
			ID: c.ID, Ref: c.Ref, Revision: c.Revision, Digest: c.Digest, MaxInstances: c.MaxInstances,
			State: lattice.ComponentRunning, Since: h.Started,
		})
	}
	return &next
}

// settle has hosts do what they are told and the leader what is to be done, until there
// is nothing.
func (f *fleet) settle() error {
	for {
		for id := range f.told {
			if err := f.obey(f.byID[id]); err != nil {
				return err
			}
		}
		clear(f.told)
		if err := f.rounds(); err != nil {
			return err
		}
		n, err := f.write()
		if err != nil || n == 0 {
			return err
		}
	}
}

// deploy deploys an application of one component, until its documents are written.
func (f *fleet) deploy(app string) error {
	f.version++
	text, digests := manifestOf(app, fmt.Sprint("v", f.version), 1, f.version)
	p, err := f.lead.Decide(f.now, f.now, &control.PutApp{Manifest: text, Digests: digests, Deploy: true, By: "bench"})
	if err != nil {
		return err
	}
	if len(p.Entries) == 0 {
		return fmt.Errorf("version %d of application %q is none", f.version, app)
	}
	if err := f.carry(p); err != nil {
		return err
	}
	if err := f.rounds(); err != nil {
		return err
	}
	_, err = f.write()
	return err
}

// manifestOf returns a manifest with so many components, and the digests of their
// binaries, the first of which is of a number.
func manifestOf(app, version string, components, first int) (string, map[string]string) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata:\n  name: %s\n  annotations:\n    version: %s\nspec:\n  components:\n", app, version)
	digests := map[string]string{}
	for i := range components {
		image := fmt.Sprintf("registry.example.com/team/part-%04d:1.0.%d", i, first)
		digests[image] = digestOf(first + i%binaries)
		fmt.Fprintf(&b, "    - name: part-%04d\n      type: component\n      properties:\n        image: %s\n", i, image)
		b.WriteString("      traits:\n        - type: spreadscaler\n          properties:\n            instances: 1\n")
	}
	return b.String(), digests
}

// binaries is how many binaries a large application has.
const binaries = 100
