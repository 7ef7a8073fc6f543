package wire

import "github.com/wattle-dev/wattle/lattice"

// EncodeAssignment returns the document of which hosts may be called for a
// component.
func EncodeAssignment(a *lattice.Assignment) ([]byte, error) {
	document := *a
	if document.Hosts == nil {
		document.Hosts = []lattice.HostID{} // and not null
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
		r.record(refused, "component stamp ref digest revision hosts", func(field string) bool {
			switch field {
			case "component":
				a.Component = expected(r, lattice.ParseComponentID, component)
			case "stamp":
				a.Stamp = r.stamp()
			case "ref":
				a.Ref = r.required(MaxRef)
			case "digest":
				a.Digest = r.digest()
			case "revision":
				a.Revision = r.uint(0, maxUint)
			case "hosts":
				a.Hosts = r.hosts()
			case "routes":
				a.Routes = r.routes()
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

// hosts reads the IDs of hosts, each of which is there once.
func (r *reader) hosts() []lattice.HostID {
	seen := map[lattice.HostID]bool{}
	return list(r, MaxHosts, func() lattice.HostID {
		id := parsed(r, lattice.ParseHostID)
		if r.err == nil && seen[id] {
			r.fail("host %s is there twice", id)
		}
		seen[id] = true
		return id
	})
}
