package wire

import (
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// EncodeHostReport returns the document of what a host says of itself.
func EncodeHostReport(h *lattice.HostReport) ([]byte, error) {
	document := *h
	document.Providers = slices.Clone(h.Providers)
	for i := range document.Providers {
		if p := &document.Providers[i]; p.Interfaces == nil {
			p.Interfaces = []string{} // and not null
		}
	}
	return encode("host report", &document, MaxDocument, func(data []byte) error {
		_, err := DecodeHostReport(data, h.Lattice, h.ID)
		return err
	})
}

// DecodeHostReport reads what a host of a lattice says of itself. States may be
// ones that are not known here.
func DecodeHostReport(data []byte, name lattice.Name, host lattice.HostID) (*lattice.HostReport, error) {
	h := new(lattice.HostReport)
	const required = "id name lattice group version state started time every_ms capacity load applied"
	err := read("host report", data, MaxDocument, func(r *reader) {
		r.record(skipped, required, func(field string) bool {
			switch field {
			case "id":
				h.ID = expected(r, lattice.ParseHostID, host)
			case "name":
				h.Name = r.text(MaxText)
			case "lattice":
				h.Lattice = expected(r, lattice.ParseName, name)
			case "group":
				h.Group = parsed(r, lattice.ParseGroupName)
			case "version":
				h.Version = r.text(MaxText)
			case "labels":
				h.Labels = r.labels()
			case "state":
				h.State = word[lattice.HostState](r)
			case "started":
				moment(r, &h.Started)
			case "time":
				moment(r, &h.Time)
			case "sequence":
				h.Sequence = r.uint(0, maxUint)
			case "every_ms":
				h.Every = r.int(1, MaxMillis)
			case "capacity":
				h.Capacity = r.capacity()
			case "load":
				h.Load = r.load()
			case "applied":
				h.Applied = r.stamp()
			case "components":
				h.Components = list(r, MaxComponents, r.componentStatus)
			case "providers":
				h.Providers = list(r, MaxProviders, r.providerStatus)
			default:
				return false
			}
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// capacity reads what a host has.
func (r *reader) capacity() (c lattice.Capacity) {
	r.record(skipped, "cpus memory_bytes", func(field string) bool {
		switch field {
		case "cpus":
			c.CPUs = r.float()
		case "memory_bytes":
			c.MemoryBytes = r.uint(0, maxUint)
		default:
			return false
		}
		return true
	})
	return c
}

// load reads what a host uses.
func (r *reader) load() (l lattice.Load) {
	r.record(skipped, "cpu machine_cpu memory_bytes available_bytes running waiting", func(field string) bool {
		switch field {
		case "cpu":
			l.CPU = r.float()
		case "machine_cpu":
			l.MachineCPU = r.float()
		case "memory_bytes":
			l.MemoryBytes = r.uint(0, maxUint)
		case "available_bytes":
			l.AvailableBytes = r.uint(0, maxUint)
		case "running":
			l.Running = r.int(0, maxInt)
		case "waiting":
			l.Waiting = r.int(0, maxInt)
		default:
			return false
		}
		return true
	})
	return l
}

// componentStatus reads a component on a host.
func (r *reader) componentStatus() (c lattice.ComponentStatus) {
	const required = "id ref digest revision state since max_instances running waiting calls failures"
	r.record(skipped, required, func(field string) bool {
		switch field {
		case "id":
			c.ID = parsed(r, lattice.ParseComponentID)
		case "ref":
			c.Ref = r.text(MaxRef)
		case "digest":
			c.Digest = r.digest()
		case "revision":
			c.Revision = r.uint(0, maxUint)
		case "state":
			c.State = word[lattice.ComponentState](r)
		case "reason":
			c.Reason = r.lines(MaxReason)
		case "since":
			moment(r, &c.Since)
		case "max_instances":
			c.MaxInstances = int(r.int(0, MaxInstances))
		case "running":
			c.Running = r.int(0, maxInt)
		case "waiting":
			c.Waiting = r.int(0, maxInt)
		case "calls":
			c.Calls = r.int(0, maxInt)
		case "failures":
			c.Failures = r.int(0, maxInt)
		case "next":
			c.Next = r.nextStatus()
		case "faults":
			c.Faults = list(r, MaxFaults, r.linkFault)
		case "annotations":
			c.Annotations = r.annotations()
		default:
			return false
		}
		return true
	})
	return c
}

// nextStatus reads a revision that does not serve yet.
func (r *reader) nextStatus() *lattice.NextStatus {
	next := new(lattice.NextStatus)
	r.record(skipped, "revision digest state", func(field string) bool {
		switch field {
		case "revision":
			next.Revision = r.uint(0, maxUint)
		case "digest":
			next.Digest = r.digest()
		case "state":
			next.State = word[lattice.ComponentState](r)
		case "reason":
			next.Reason = r.lines(MaxReason)
		default:
			return false
		}
		return true
	})
	return next
}

// linkFault reads a link that does not work.
func (r *reader) linkFault() (f lattice.LinkFault) {
	r.record(skipped, "link capability reason since", func(field string) bool {
		switch field {
		case "link":
			f.Link = parsed(r, lattice.ParseLinkName)
		case "capability":
			f.Capability = parsed(r, parseKind)
		case "reason":
			f.Reason = r.text(MaxText)
		case "since":
			moment(r, &f.Since)
		default:
			return false
		}
		return true
	})
	return f
}

// providerStatus reads a provider on a host.
func (r *reader) providerStatus() (p lattice.ProviderStatus) {
	r.record(skipped, "id name interfaces state", func(field string) bool {
		switch field {
		case "id":
			p.ID = parsed(r, lattice.ParseProviderID)
		case "name":
			p.Name = r.text(MaxText)
		case "interfaces":
			p.Interfaces = r.names()
		case "address":
			p.Address = r.text(MaxText)
		case "state":
			p.State = r.text(MaxText)
		default:
			return false
		}
		return true
	})
	return p
}
