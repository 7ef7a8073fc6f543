package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// changes measures what one change costs where everything is as it ought to be: until the
// documents that follow from it are written.
func (d *deciding) changes() error {
	d.signs = true
	for _, c := range []struct {
		name string
		// before and after are not measured.
		before, change, after func(i int) error
	}{
		{"a component is deployed", nothing, func(i int) error { return d.deploy(fmt.Sprint("app-", i)) }, nothing},
		{"a component is updated", nothing, func(int) error { return d.deploy("app-0") }, nothing},
		{"a host is lost", d.silence, d.lose, d.find},
		{"a host joins", nothing, d.join, nothing},
		{"a host reports, nothing has changed", nothing, d.report, nothing},
	} {
		target := float64(targetChange)
		err := d.figure(c.name, row{Unit: nanoseconds, Target: target}, false, 2, func(r *row) error {
			turns := pick(d.session, 5, 15)
			times := make([]float64, turns)
			var logged int
			for i := range turns {
				if err := c.before(i); err != nil {
					return err
				}
				begin, entries := processorTime(), d.index
				if err := c.change(i); err != nil {
					return err
				}
				times[i] = float64(processorTime() - begin)
				logged = int(d.index - entries)
				if err := c.after(i); err != nil {
					return err
				}
				if err := d.settle(); err != nil {
					return err
				}
			}
			slices.Sort(times)
			r.Value = times[turns/2]
			r.Note = fmt.Sprintf("the median of %d, the worst %s, %d entries of the log", turns, nanoseconds.format(times[turns-1]), logged)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func nothing(int) error { return nil }

// silence has a host be silent for as long as the default lease, while the others report.
func (d *deciding) silence(i int) error {
	for second := range 3 {
		d.now += 1000
		d.lead.Beat(d.now)
		if second != 1 {
			continue
		}
		for at, h := range d.hosts {
			if at != i {
				report := *h
				d.lead.Heard(d.now, h.ID, &report, true)
			}
		}
	}
	return nil
}

// lose has a host that is silent count as lost.
func (d *deciding) lose(i int) error {
	lost := d.hosts[i]
	if n := d.state.NumOn(lost.ID); n == 0 {
		return fmt.Errorf("nothing is placed on host %s", lost.ID)
	}
	if err := d.rounds(); err != nil {
		return err
	}
	if n := d.state.NumOn(lost.ID); n > 0 {
		return fmt.Errorf("%d components are still placed on host %s", n, lost.ID)
	}
	_, err := d.write()
	return err
}

// find has a host that was lost report again.
func (d *deciding) find(i int) error {
	report := *d.hosts[i]
	d.lead.Heard(d.now, report.ID, &report, true)
	return nil
}

// join has a host join that never was there.
func (d *deciding) join(int) error {
	n := len(d.hosts)
	h := hostReport(hostID(n), n)
	d.add(h)
	report := *h
	d.lead.Heard(d.now, h.ID, &report, true)
	if err := d.rounds(); err != nil {
		return err
	}
	if d.state.NumOn(h.ID) == 0 {
		return fmt.Errorf("nothing has moved to host %s", h.ID)
	}
	_, err := d.write()
	return err
}

// report has a host say again what it said.
func (d *deciding) report(i int) error {
	report := *d.hosts[i]
	d.now++
	d.lead.Heard(d.now, report.ID, &report, true)
	if err := d.rounds(); err != nil {
		return err
	}
	_, err := d.write()
	return err
}

// snapshot measures snapshots of the state.
func (d *deciding) snapshot() error {
	var written bytes.Buffer
	if err := d.state.Snapshot(&written); err != nil {
		return err
	}
	bytesOf := fmt.Sprintf("%.1f MiB, %.0f B of a component", float64(written.Len())/(1<<20), float64(written.Len())/float64(d.size.components))
	var records []json.RawMessage
	for c := range d.state.Components() {
		for _, r := range []state.Record{{Component: c}, {Placements: d.state.Placements(c.ID)}} {
			text, err := json.Marshal(r)
			if err != nil {
				return err
			}
			records = append(records, text)
		}
	}
	err := d.figure(takeState, row{Unit: nanoseconds}, true, targetGrowth, func(r *row) error {
		var again bytes.Buffer
		if err := d.clocked(takeState, &r.Value, func() error { return d.state.Snapshot(&again) }); err != nil {
			return err
		}
		plain, err := d.plainWrite()
		r.Peers = []peer{{Name: "encoding/json of the records", Value: plain}}
		r.Note = bytesOf
		return err
	})
	if err != nil {
		return err
	}
	return d.figure(giveState, row{Unit: nanoseconds}, true, targetGrowth, func(r *row) error {
		var s *state.State
		err := d.clocked(giveState, &r.Value, func() (err error) { s, err = state.Restore(bytes.NewReader(written.Bytes())); return err })
		if err != nil {
			return err
		}
		if s.Seq != d.state.Seq || s.Len(state.KindPlacements) != d.state.Len(state.KindPlacements) {
			return fmt.Errorf("what is restored is another state")
		}
		var plain float64
		err = d.clocked("", &plain, func() error {
			for _, text := range records {
				if err := json.Unmarshal(text, new(state.Record)); err != nil {
					return err
				}
			}
			return nil
		})
		r.Peers = []peer{{Name: "encoding/json of the records", Value: plain}}
		r.Note = "each record is checked"
		return err
	})
}

// plainWrite is what it costs to have the records as JSON.
func (d *deciding) plainWrite() (took float64, err error) {
	err = d.clocked("", &took, func() error {
		for c := range d.state.Components() {
			for _, r := range []state.Record{{Component: c}, {Placements: d.state.Placements(c.ID)}} {
				if _, err := json.Marshal(r); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return took, err
}

// heartbeats measures what the report of a host costs a leader before it is judged: ten
// components run there.
func (s *session) heartbeats(id *identity) error {
	const target = float64(time.Second) / 10_000
	return s.row(row{Name: "report of a host with 10 components, read and verified", Target: target}, func(r *row) error {
		creds, err := id.keyring.Issue(latticeName, trust.RoleHost, nil)
		if err != nil {
			return err
		}
		signer, err := trust.NewSigner(creds)
		if err != nil {
			return err
		}
		d := &lattice.Desired{Stamp: lattice.Stamp{Term: 1, Index: 1}}
		for _, c := range componentsOf(10) {
			rev := c.Component.Revisions[0]
			d.Components = append(d.Components, lattice.ComponentSpec{ID: c.Component.ID, Ref: rev.Ref, Digest: rev.Digest, Revision: 1, MaxInstances: 1})
		}
		report := obeyed(hostReport(creds.HostID(), 1), d)
		report.Time, report.Started = time.Unix(1, 0).UTC(), time.Unix(1, 0).UTC()
		for i := range report.Components {
			report.Components[i].Since = report.Started
		}
		value, err := wire.EncodeHostReport(report)
		if err != nil {
			return err
		}
		signed, err := signer.Sign("hosts", string(report.ID), value)
		if err != nil {
			return err
		}
		r.Note = fmt.Sprintf("%d bytes; the target has 10000 hosts that report each second take one processor", len(signed))
		read := func() error {
			value, err := id.verifier.Host(report.ID, "hosts", string(report.ID), signed)
			if err != nil {
				return err
			}
			_, err = wire.DecodeHostReport(value, latticeName, report.ID)
			return err
		}
		verify := func() error {
			_, err := id.verifier.Host(report.ID, "hosts", string(report.ID), signed)
			return err
		}
		alone, _, err := s.cost(verify)
		if err != nil {
			return err
		}
		r.Peers = []peer{{Name: "the signature alone", Value: alone}}
		return s.costs(r, 1, read)
	})
}
