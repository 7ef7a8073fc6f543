package directory

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Server is an MCP server of the lattice. It does not change.
type Server struct {
	Component lattice.ComponentID
	// MCP is how it is offered. The pointer stays the same as long as that does.
	MCP *lattice.MCP
	// Listing is what it offers, nil if no host has said so yet. The pointer stays the
	// same as long as the contents do.
	Listing *catalogue.Listing
	// Hosts are those that can be called, in order; Assigned is how many were told to run
	// it.
	Hosts    []lattice.HostID
	Assigned int

	packed *wire.Packed // what Listing was read from
}

// Servers are the MCP servers of a lattice at one time. They do not change, and callers
// do not change what they are given.
type Servers struct{ all []*Server }

// All returns the servers in the order of their names.
func (s *Servers) All() []*Server { return s.all }

// Get returns the server of a name, nil if there is none.
func (s *Servers) Get(name lattice.ServerName) *Server {
	i, ok := slices.BinarySearchFunc(s.all, name, func(s *Server, name lattice.ServerName) int { return cmp.Compare(s.MCP.Name, name) })
	if !ok {
		return nil
	}
	return s.all[i]
}

// Catalogue follows what the MCP servers of a lattice offer. Who does not ask for them
// needs none.
type Catalogue struct {
	d       *Directory
	current atomic.Pointer[Servers]
	wake    chan struct{} // of capacity one: there is something to do

	mu      sync.Mutex
	packed  map[lattice.ComponentID]map[lattice.HostID]*wire.Packed
	dirty   map[lattice.ComponentID]bool
	synced  bool
	changed chan struct{}
}

// NewCatalogue returns a catalogue of the lattice that a directory follows. It knows
// nothing until Run runs, and the directory's Run.
func NewCatalogue(d *Directory) *Catalogue {
	c := &Catalogue{
		d: d, wake: make(chan struct{}, 1), packed: map[lattice.ComponentID]map[lattice.HostID]*wire.Packed{},
		dirty: map[lattice.ComponentID]bool{}, changed: make(chan struct{}),
	}
	c.current.Store(new(Servers))
	return c
}

// Servers returns the servers as they are known now.
func (c *Catalogue) Servers() *Servers { return c.current.Load() }

// All returns the servers in the order of their names.
func (c *Catalogue) All() []*Server { return c.Servers().All() }

// ServersChanged returns a channel that is closed at the next change of Servers, and when
// they are known for the first time.
func (c *Catalogue) ServersChanged() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Run follows the lattice until ctx ends, and returns nil then.
func (c *Catalogue) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { c.d.again(ctx, c.d.buckets.Catalogue(), c.watch) })
	wg.Go(func() { c.compile(ctx) })
	wg.Wait()
	return nil
}

// watch takes what hosts say. What an earlier watch has found is there until this one has
// found all.
func (c *Catalogue) watch(ctx context.Context) error {
	b, err := c.d.l.Bucket(ctx, c.d.buckets.Catalogue())
	if err != nil {
		return err
	}
	found := map[lattice.ComponentID]map[lattice.HostID]*wire.Packed{}
	all := false
	return b.Watch(ctx, ">", func(e lattice.Entry) error {
		if e.Synced {
			c.mu.Lock()
			for id := range c.packed {
				c.dirty[id] = true
			}
			for id := range found {
				c.dirty[id] = true
			}
			c.packed, c.synced = found, true
			c.mu.Unlock()
			all = true
			c.nudge()
			return nil
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if id := c.take(found, e); id != "" && all {
			c.dirty[id] = true
			c.nudge()
		}
		return nil
	})
}

// take notes a document of the bucket, and returns whose it is. It is called with the
// lock.
func (c *Catalogue) take(into map[lattice.ComponentID]map[lattice.HostID]*wire.Packed, e lattice.Entry) lattice.ComponentID {
	bucket := c.d.buckets.Catalogue()
	host, id, err := wire.ParseReadyKey(e.Key)
	if err != nil {
		c.d.ignored(bucket, e.Key, err)
		return ""
	}
	if e.Deleted {
		if delete(into[id], host); len(into[id]) == 0 {
			delete(into, id)
		}
		return id
	}
	value, err := c.d.verifier.Host(host, bucket, e.Key, e.Value)
	if err != nil {
		c.d.ignored(bucket, e.Key, err)
		return ""
	}
	p, err := wire.DecodePacked(value, host, id)
	if err != nil {
		c.d.ignored(bucket, e.Key, err)
		return ""
	}
	if into[id] == nil {
		into[id] = map[lattice.HostID]*wire.Packed{}
	}
	into[id][host] = p
	return id
}

func (c *Catalogue) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// compile keeps the servers up to date. Changes that come while it is at work are taken
// together afterwards.
func (c *Catalogue) compile(ctx context.Context) {
	var last *Snapshot
	of := &servers{by: map[lattice.ComponentID]*Server{}}
	for {
		began := time.Now()
		changed := c.d.Changed()
		next := c.d.Snapshot()
		c.mu.Lock()
		ready := c.synced && c.d.Synced()
		dirty := c.dirty
		if ready {
			c.dirty = map[lattice.ComponentID]bool{}
		}
		c.mu.Unlock()
		if ready {
			for id := range differing(last, next) {
				dirty[id] = true
			}
			first := last == nil
			last = next
			if c.update(of, next, dirty) || first {
				c.publish(of.all)
			}
		}
		// Hosts that list without end get no more than half of a processor.
		rest := time.NewTimer(time.Since(began))
		select {
		case <-ctx.Done():
			rest.Stop()
			return
		case <-rest.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-c.wake:
		}
	}
}

// differing are the components of which two snapshots know other things.
func differing(last, next *Snapshot) map[lattice.ComponentID]bool {
	other := map[lattice.ComponentID]bool{}
	if last == nil {
		last = &Snapshot{}
	}
	for id, e := range next.components {
		if last.components[id] != e {
			other[id] = true
		}
	}
	for id := range last.components {
		if next.components[id] == nil {
			other[id] = true
		}
	}
	return other
}

// servers are those of a lattice, by component and in order.
type servers struct {
	by  map[lattice.ComponentID]*Server
	all []*Server
}

// set replaces the server of a component, which is nil if it is none.
func (s *servers) set(id lattice.ComponentID, next *Server) {
	if last := s.by[id]; last != nil {
		i, _ := slices.BinarySearchFunc(s.all, last, order)
		if next != nil && order(last, next) == 0 {
			s.all[i], s.by[id] = next, next
			return
		}
		s.all = slices.Delete(s.all, i, i+1)
		delete(s.by, id)
	}
	if next != nil {
		i, _ := slices.BinarySearchFunc(s.all, next, order)
		s.all = slices.Insert(s.all, i, next)
		s.by[id] = next
	}
}

// update makes the servers of some components anew, and reports whether one is another
// than before.
func (c *Catalogue) update(of *servers, s *Snapshot, dirty map[lattice.ComponentID]bool) bool {
	other := false
	for id := range dirty {
		before := of.by[id]
		e := s.components[id]
		if e == nil || e.assignment.MCP == nil {
			of.set(id, nil)
			other = other || before != nil
			continue
		}
		c.mu.Lock()
		said := slices.Collect(maps.Values(c.packed[id]))
		c.mu.Unlock()
		next := c.server(before, e, said)
		if before == nil || next.MCP != before.MCP || next.Listing != before.Listing || next.Assigned != before.Assigned || !slices.Equal(next.Hosts, before.Hosts) {
			of.set(id, next)
			other = true
		}
	}
	return other
}

// server returns the server of a component as it is now.
func (c *Catalogue) server(before *Server, e *entry, said []*wire.Packed) *Server {
	a := e.assignment
	s := &Server{Component: a.Component, MCP: a.MCP, Hosts: e.hosts, Assigned: e.assigned}
	if before != nil {
		s.Listing, s.packed = before.Listing, before.packed
		if before.MCP.Equal(s.MCP) {
			s.MCP = before.MCP
		}
	}
	for _, p := range catalogue.Believed(a, said) {
		if same(s.packed, p) {
			break
		}
		l, err := catalogue.Unpack(p)
		if err != nil {
			c.d.ignored(c.d.buckets.Catalogue(), wire.ReadyKey(p.Host, p.Component), err)
			continue
		}
		s.Listing, s.packed = l, p
		break
	}
	return s
}

// same reports whether two documents list the same of the same component.
func same(p, q *wire.Packed) bool {
	return p != nil && p.Digest == q.Digest && p.Revision == q.Revision && bytes.Equal(p.Contents, q.Contents)
}

// order is that in which servers are listed. Of two of a name, which the scheduler
// refuses, the component that is first in order has it.
func order(a, b *Server) int {
	return cmp.Or(cmp.Compare(a.MCP.Name, b.MCP.Name), cmp.Compare(a.Component, b.Component))
}

// publish has readers see the servers, which are in order.
func (c *Catalogue) publish(servers []*Server) {
	next := &Servers{all: slices.CompactFunc(slices.Clone(servers), func(a, b *Server) bool { return a.MCP.Name == b.MCP.Name })}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current.Store(next)
	close(c.changed)
	c.changed = make(chan struct{})
}
