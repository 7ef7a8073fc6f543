package inventory

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Source is where an inventory is read from.
type Source struct {
	Lattice lattice.Lattice
	Name    lattice.Name
	Verify  lattice.Verifier
	// Refused is told of documents that do not count. It may be nil.
	Refused func(bucket, key string, err error)
}

// applier makes a value of a bucket part of an inventory, or removes it. It
// returns why a document does not count.
type applier func(s *Source, inv *Inventory, bucket string, e lattice.Entry) error

var (
	hostsBucket      = bucket{wire.Buckets.Hosts, applyHost}
	componentsBucket = bucket{wire.Buckets.Components, applyComponent}
	readyBucket      = bucket{wire.Buckets.Ready, applyReady}
	catalogueBucket  = bucket{wire.Buckets.Catalogue, applyListing}
	linksBucket      = bucket{wire.Buckets.Links, applyLink}
	configBucket     = bucket{wire.Buckets.Config, applyConfig}
)

// apply has an applier do its work and reports what does not count.
func (s *Source) apply(b bucket, inv *Inventory, e lattice.Entry) {
	name := b.name(wire.Buckets{Lattice: s.Name})
	if err := b.apply(s, inv, name, e); err != nil && s.Refused != nil {
		s.Refused(name, e.Key, err)
	}
}

func applyHost(s *Source, inv *Inventory, bucket string, e lattice.Entry) error {
	id, err := lattice.ParseHostID(e.Key)
	if err != nil {
		return err
	}
	if e.Deleted {
		delete(inv.Hosts, id)
		return nil
	}
	value, err := s.Verify.Host(id, bucket, e.Key, e.Value)
	if err != nil {
		return err
	}
	r, err := wire.DecodeHostReport(value, s.Name, id)
	if err != nil {
		return err
	}
	inv.Hosts[id] = Host{*r, e.Time}
	return nil
}

func applyComponent(s *Source, inv *Inventory, bucket string, e lattice.Entry) error {
	id, err := lattice.ParseComponentID(e.Key)
	if err != nil {
		return err
	}
	if e.Deleted {
		delete(inv.Components, id)
		return nil
	}
	value, err := s.Verify.Scheduler(bucket, e.Key, e.Value)
	if err != nil {
		return err
	}
	a, err := wire.DecodeAssignment(value, id)
	if err != nil {
		return err
	}
	if a.Stamp.Compare(inv.Components[id].Stamp) >= 0 {
		inv.Components[id] = *a
	}
	return nil
}

func applyReady(s *Source, inv *Inventory, bucket string, e lattice.Entry) error {
	id, c, err := wire.ParseReadyKey(e.Key)
	if err != nil {
		return err
	}
	if e.Deleted {
		delete(inv.Ready, e.Key)
		return nil
	}
	value, err := s.Verify.Host(id, bucket, e.Key, e.Value)
	if err != nil {
		return err
	}
	r, err := wire.DecodeReady(value, id, c)
	if err != nil {
		return err
	}
	inv.Ready[e.Key] = *r
	return nil
}

func applyListing(s *Source, inv *Inventory, bucket string, e lattice.Entry) error {
	id, c, err := wire.ParseReadyKey(e.Key)
	if err != nil {
		return err
	}
	if e.Deleted {
		delete(inv.Listings, e.Key)
		return nil
	}
	value, err := s.Verify.Host(id, bucket, e.Key, e.Value)
	if err != nil {
		return err
	}
	p, err := wire.DecodePacked(value, id, c)
	if err != nil {
		return err
	}
	inv.Listings[e.Key] = p
	return nil
}

func applyLink(s *Source, inv *Inventory, bucket string, e lattice.Entry) error {
	if e.Deleted {
		delete(inv.Links, e.Key)
		return nil
	}
	value, err := s.Verify.Scheduler(bucket, e.Key, e.Value)
	if err != nil {
		return err
	}
	l, err := wire.DecodeLink(value, e.Key)
	if err != nil {
		return err
	}
	inv.Links[e.Key] = *l
	return nil
}

func applyConfig(s *Source, inv *Inventory, bucket string, e lattice.Entry) error {
	name, err := lattice.ParseConfigName(e.Key)
	if err != nil {
		return err
	}
	if e.Deleted {
		delete(inv.Config, name)
		return nil
	}
	value, err := s.Verify.Scheduler(bucket, e.Key, e.Value)
	if err != nil {
		return err
	}
	c, err := wire.DecodeConfig(value)
	if err != nil {
		return fmt.Errorf("config %q: %w", name, err)
	}
	inv.Config[name] = c
	return nil
}
