package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/oci"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// refused is a component that an image policy has hosts stop.
type refused struct {
	Component lattice.ComponentID `json:"component"`
	Ref       string              `json:"ref"`
	Digest    string              `json:"digest"`
	// Hosts are the names of the hosts that it is on.
	Hosts  []string `json:"hosts"`
	Reason string   `json:"reason"`
}

// stops returns what a policy has hosts stop: what is placed on them, or was reported to
// run there, and is allowed by the policy that there is now. Hosts come to the same, by
// the same proofs, when they are given the policy.
func (s *session) stops(ctx context.Context, next *oci.Policy) ([]refused, error) {
	inv, err := s.Load(ctx, inventory.KindOf("components"))
	if err != nil {
		return nil, err
	}
	configs, err := s.Load(ctx, inventory.KindOf("config"))
	if err != nil {
		return nil, err
	}
	// Where the policy that there is cannot be read, hosts run nothing.
	now, broken := oci.ParsePolicy(configs.Config[lattice.ImagePolicy][lattice.PolicyKey])
	if broken != nil {
		return []refused{}, nil //nolint:nilerr // so nothing is left to stop
	}
	all := []refused{}
	proofs := proofs{s: s, known: map[string]*oci.Provenance{}}
	for _, c := range binariesOn(inv) {
		p, err := proofs.of(ctx, c.Digest)
		if err != nil {
			return nil, fmt.Errorf("component %q: %w", c.Component, err)
		}
		why := next.Allows(c.Digest, p)
		if why == nil || now.Allows(c.Digest, p) != nil {
			continue
		}
		c.Reason = why.Error()
		all = append(all, c)
	}
	return all, nil
}

// binariesOn returns the binaries of components and their hosts, by component and digest.
func binariesOn(inv *inventory.Inventory) []refused {
	type binary struct {
		id     lattice.ComponentID
		digest string
	}
	hosts, refs := map[binary]map[lattice.HostID]bool{}, map[binary]string{}
	add := func(id lattice.ComponentID, digest, ref string, host lattice.HostID) {
		b := binary{id, digest}
		if hosts[b] == nil {
			hosts[b] = map[lattice.HostID]bool{}
		}
		hosts[b][host], refs[b] = true, ref
	}
	for id, a := range inv.Components {
		for _, v := range a.Variants {
			for host := range v.Hosts {
				add(id, v.Digest, v.Ref, host)
			}
		}
	}
	for host, h := range inv.Hosts {
		for i := range h.Components {
			c := &h.Components[i]
			add(c.ID, c.Digest, c.Ref, host)
		}
	}
	var all []refused
	for b, on := range hosts {
		c := refused{Component: b.id, Ref: refs[b], Digest: b.digest}
		for host := range on {
			c.Hosts = append(c.Hosts, inv.Name(host))
		}
		slices.Sort(c.Hosts)
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b refused) int {
		return strings.Compare(string(a.Component)+" "+a.Digest, string(b.Component)+" "+b.Digest)
	})
	return all
}

// proofs are where binaries come from, as the lattice has it.
type proofs struct {
	s     *session
	store lattice.Objects
	known map[string]*oci.Provenance
}

// of returns where a binary comes from, nil if from no registry.
func (p *proofs) of(ctx context.Context, digest string) (_ *oci.Provenance, err error) {
	if known, ok := p.known[digest]; ok {
		return known, nil
	}
	name, err := wire.ProvenanceName(digest)
	if err != nil {
		return nil, err
	}
	if p.store == nil {
		if p.store, err = p.s.Objects(ctx, wire.Buckets{Lattice: p.s.name}.Artifacts(), false); err != nil {
			return nil, fmt.Errorf("the lattice's binaries: %w", err)
		}
	}
	r, err := p.store.Open(ctx, name)
	if errors.Is(err, lattice.ErrNotFound) {
		p.known[digest] = nil
		return nil, nil //nolint:nilnil // documented
	}
	if err != nil {
		return nil, fmt.Errorf("provenance of %s: %w", digest, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	data, err := io.ReadAll(io.LimitReader(r, oci.MaxProvenance+1))
	if err != nil {
		return nil, fmt.Errorf("provenance of %s: %w", digest, err)
	}
	found, err := oci.DecodeProvenance(data)
	if err != nil {
		return nil, err
	}
	p.known[digest] = found
	return found, nil
}

// onHosts are the hosts of what a policy refuses, each once.
func onHosts(all []refused) []string {
	names := map[string]bool{}
	for i := range all {
		for _, host := range all[i].Hosts {
			names[host] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// maxStops bounds how many components a policy is said to stop, one by one.
const maxStops = 20

// tellStops says on standard error what a policy stops.
func tellStops(env *Env, all []refused) {
	for i := range all[:min(len(all), maxStops)] {
		c := &all[i]
		fmt.Fprintf(env.Stderr, "wattle: component %s on %s: %s\n", c.Component, printable(some(c.Hosts, maxKeys)), printable(c.Reason))
	}
	if n := len(all) - maxStops; n > 0 {
		fmt.Fprintf(env.Stderr, "wattle: and %d more: wattle image-policy check lists them\n", n)
	}
}

func writeStops(env *Env, all []refused, format show.Format) error {
	if is, err := document(env.Stdout, all, format); is || err != nil {
		return err
	}
	if len(all) == 0 {
		return done(env, "the policy stops nothing that runs")
	}
	t := &table{columns: []show.Column{{Name: "COMPONENT"}, {Name: "HOSTS"}, {Name: "REF"}, {Name: "REASON"}, {Name: "DIGEST", Wide: true}}}
	for i := range all {
		c := &all[i]
		t.rows = append(t.rows, show.Row{Key: string(c.Component), Doc: c, Cells: []string{
			string(c.Component), show.Text(strings.Join(c.Hosts, ",")), show.Text(c.Ref), show.Text(c.Reason), c.Digest,
		}})
	}
	return t.write(env, format)
}
