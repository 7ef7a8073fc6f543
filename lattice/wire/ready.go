package wire

import "github.com/wattle-dev/wattle/lattice"

// EncodeReady returns the document of a host's word that it takes calls for a
// component.
func EncodeReady(ready *lattice.Ready) ([]byte, error) {
	return encode("ready", ready, MaxDocument, func(data []byte) error {
		_, err := DecodeReady(data, ready.Host, ready.Component)
		return err
	})
}

// DecodeReady reads a host's word that it takes calls for a component.
func DecodeReady(data []byte, host lattice.HostID, component lattice.ComponentID) (*lattice.Ready, error) {
	ready := new(lattice.Ready)
	err := read("ready", data, MaxDocument, func(r *reader) {
		r.record(skipped, "component host digest since", func(field string) bool {
			switch field {
			case "component":
				ready.Component = expected(r, lattice.ParseComponentID, component)
			case "host":
				ready.Host = expected(r, lattice.ParseHostID, host)
			case "digest":
				ready.Digest = r.digest()
			case "since":
				moment(r, &ready.Since)
			case "exports":
				ready.Exports = r.names()
			default:
				return false
			}
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	return ready, nil
}
