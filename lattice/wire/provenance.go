package wire

import (
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// FromJetStream reports whether JetStream put a message on its subject. Who may ask
// JetStream for a message may name any subject for the answer, and what is in the
// message may have been written by anybody: so commands come from publishers alone.
// What JetStream delivers has a field that begins with "Nats-", or a reply subject
// on which it is acknowledged (NATS ADR-13, "Pull Subscribe Internals", and ADR-31,
// "JetStream Direct Gets"). No publisher of commands has either, but for the field
// in which servers say who asks from another account.
func FromJetStream(m *lattice.Message) bool {
	for key := range m.Header {
		if strings.HasPrefix(key, "Nats-") && key != requestInfo {
			return true
		}
	}
	return strings.HasPrefix(m.Reply, "$JS.")
}

// requestInfo is the field that servers add to requests that come from another
// account (NATS, "Service Imports"). JetStream adds none but with others.
const requestInfo = "Nats-Request-Info"
