package wire

import "github.com/wattle-dev/wattle/lattice"

// EncodeDesired returns the document of what a host ought to run.
func EncodeDesired(d *lattice.Desired) ([]byte, error) {
	return encode("desired", d, MaxDocument, func(data []byte) error {
		_, err := DecodeDesired(data, d.Lattice, d.Host)
		return err
	})
}

// DecodeDesired reads what a host of a lattice ought to run.
func DecodeDesired(data []byte, name lattice.Name, host lattice.HostID) (*lattice.Desired, error) {
	d := new(lattice.Desired)
	err := read("desired", data, MaxDocument, func(r *reader) {
		r.record(refused, "lattice host stamp state", func(field string) bool {
			switch field {
			case "lattice":
				d.Lattice = expected(r, lattice.ParseName, name)
			case "host":
				d.Host = expected(r, lattice.ParseHostID, host)
			case "stamp":
				d.Stamp = r.stamp()
			case "state":
				d.State = oneOf(r, lattice.HostReady, lattice.HostCordoned, lattice.HostDrained, lattice.HostStopped)
			case "labels":
				d.Labels = r.labels()
			case "components":
				d.Components = r.components()
			case "image_policy":
				d.ImagePolicy = r.string(MaxImagePolicy)
			default:
				return false
			}
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// components reads components, each of which is there once.
func (r *reader) components() []lattice.ComponentSpec {
	seen := map[lattice.ComponentID]bool{}
	return list(r, MaxComponents, func() lattice.ComponentSpec {
		c := r.component()
		if r.err == nil && seen[c.ID] {
			r.fail("component %q is there twice", c.ID)
		}
		seen[c.ID] = true
		return c
	})
}

// component reads a component as it ought to run.
func (r *reader) component() (c lattice.ComponentSpec) {
	r.record(refused, "id ref digest revision max_instances", func(field string) bool {
		switch field {
		case "id":
			c.ID = parsed(r, lattice.ParseComponentID)
		case "ref":
			c.Ref = r.required(MaxRef)
		case "digest":
			c.Digest = r.digest()
		case "revision":
			c.Revision = r.uint(0, maxUint)
		case "max_instances":
			c.MaxInstances = int(r.int(1, MaxInstances))
		case "limits":
			c.Limits = r.limits()
		case "config":
			c.Config = r.config()
		case "config_names":
			c.ConfigNames = r.configNames()
		case "links":
			c.Links = r.links()
		case "capabilities":
			c.Capabilities = r.capabilities()
		case "secrets":
			c.Secrets = r.secrets(1)
		case "routes":
			c.Routes = r.routes()
		case "preinit":
			c.Preinit = r.bool()
		case "probe":
			c.Probe = r.probe()
		case "lease_ms":
			c.LeaseMillis = r.int(0, MaxMillis)
		case "mcp":
			c.MCP = r.mcp()
		case "annotations":
			c.Annotations = r.annotations()
		default:
			return false
		}
		return true
	})
	// The component's name may come after its links.
	for i := range c.Links {
		if source := c.Links[i].Source; r.err == nil && source != c.ID {
			r.fail("links[%d].source_id: want %q, have %q", i, c.ID, source)
		}
	}
	return c
}

// limits reads the bounds of instances.
func (r *reader) limits() (l lattice.Limits) {
	r.record(refused, "", func(field string) bool {
		switch field {
		case "memory_bytes":
			l.MemoryBytes = r.uint(0, MaxMemoryBytes)
		case "timeout_ms":
			l.TimeoutMillis = r.int(0, MaxMillis)
		case "queue":
			l.Queue = int(r.int(0, MaxQueue))
		case "table_elements":
			l.TableElements = r.uint(0, MaxTableElements)
		case "request_bytes":
			l.RequestBytes = r.int(0, MaxBodyBytes)
		case "response_bytes":
			l.ResponseBytes = r.int(0, MaxBodyBytes)
		case "host_calls":
			l.HostCalls = r.int(0, MaxHostCalls)
		case "log_bytes_per_second":
			l.LogBytesPerSecond = r.int(0, MaxLogRate)
		case "connections":
			l.Connections = int(r.int(0, MaxConnections))
		case "clock_resolution_us":
			l.ClockResolutionMicros = r.int(0, MaxClockResolution)
		default:
			return false
		}
		return true
	})
	return l
}

// links reads links, each of which is there once.
func (r *reader) links() []lattice.Link {
	seen := map[string]bool{}
	return list(r, MaxLinks, func() lattice.Link {
		l := r.link()
		key := LinkKey(&l)
		if r.err == nil && seen[key] {
			r.fail("link %q is there twice", key)
		}
		seen[key] = true
		return l
	})
}
