package wire

import (
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// EncodeAssignment returns the document of which hosts may be called for a
// component.
func EncodeAssignment(a *lattice.Assignment) ([]byte, error) {
	document := *a
	document.Variants = append([]lattice.Variant{}, a.Variants...) // and not null
	for i := range document.Variants {
		if v := &document.Variants[i]; v.Hosts == nil {
			v.Hosts = map[lattice.HostID]int{}
		}
	}
	return encode("assignment", &document, MaxDocument, func(data []byte) error {
		_, err := DecodeAssignment(data, a.Component)
		return err
	})
}

// DecodeAssignment reads which hosts may be called for a component.
func DecodeAssignment(data []byte, component lattice.ComponentID) (*lattice.Assignment, error) {
	a := new(lattice.Assignment)
	err := read("assignment", data, MaxDocument, func(r *reader) {
		r.record(refused, "component stamp variants", func(field string) bool {
			switch field {
			case "component":
				a.Component = expected(r, lattice.ParseComponentID, component)
			case "stamp":
				a.Stamp = r.stamp()
			case "variants":
				a.Variants = r.variants()
			case "routes":
				a.Routes = r.routes()
			case "mcp":
				a.MCP = r.mcp()
			default:
				return false
			}
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// variants reads the variants of a component. No revision, and no host, is in two
// of them.
func (r *reader) variants() []lattice.Variant {
	var all []lattice.Variant
	seen := map[lattice.HostID]bool{}
	r.array(MaxVariants, func() {
		v := r.variant(seen)
		if r.err == nil && slices.ContainsFunc(all, func(w lattice.Variant) bool { return w.Revision == v.Revision }) {
			r.fail("revision %d is there twice", v.Revision)
		}
		all = append(all, v)
	})
	return all
}

// variant reads one variant. Its hosts are added to those that were seen.
func (r *reader) variant(seen map[lattice.HostID]bool) (v lattice.Variant) {
	r.record(refused, "ref digest revision hosts", func(field string) bool {
		switch field {
		case "ref":
			v.Ref = r.required(MaxRef)
		case "digest":
			v.Digest = r.digest()
		case "revision":
			v.Revision = r.uint(0, maxUint)
		case "weight":
			v.Weight = int(r.int(0, MaxWeight))
		case "hosts":
			v.Hosts = r.instances(seen)
		default:
			return false
		}
		return true
	})
	return v
}

// instances reads how many instances hosts run, each of which is there once. It is
// nil if it is empty.
func (r *reader) instances(seen map[lattice.HostID]bool) map[lattice.HostID]int {
	var all map[lattice.HostID]int
	r.members(MaxHosts, func(name string) {
		id, err := lattice.ParseHostID(name)
		switch {
		case err != nil:
			r.refuse(err)
			return
		case seen[id]:
			r.fail("host %s is there twice", id)
			return
		case len(seen) == MaxHosts:
			r.fail("more than %d hosts", MaxHosts)
			return
		}
		if seen[id] = true; all == nil {
			all = map[lattice.HostID]int{}
		}
		all[id] = int(r.int(1, MaxInstances))
	})
	return all
}
