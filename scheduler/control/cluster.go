package control

import (
	"strings"

	"github.com/wattle-dev/wattle/lattice/wire"
)

// AddScheduler adds a scheduler that waits for it to the cluster. The result is a
// ClusterResult.
type AddScheduler struct {
	// Address is where the scheduler listens for others: host:port.
	Address string `json:"address"`
}

// RemoveScheduler takes a scheduler out of the cluster. The result is a ClusterResult.
type RemoveScheduler struct {
	// ID is that of the scheduler, as its status has it.
	ID string `json:"id"`
}

// TakeSnapshot has the leader write its state down as a whole, so that the log gets
// shorter. The result is a ClusterResult.
type TakeSnapshot struct{}

// ExportState asks for a part of the leader's last snapshot: the result is an Export. The
// parts together are what `wattle scheduler restore` takes.
type ExportState struct {
	// Snapshot is the name that the first answer has. Another one by now is
	// lattice.ErrConflict.
	Snapshot string `json:"snapshot,omitempty"`
	Offset   int64  `json:"offset,omitempty"`
}

// Name implements Command.
func (*AddScheduler) Name() string { return "scheduler.add" }

// Name implements Command.
func (*RemoveScheduler) Name() string { return "scheduler.remove" }

// Name implements Command.
func (*TakeSnapshot) Name() string { return "scheduler.snapshot" }

// Name implements Command.
func (*ExportState) Name() string { return "scheduler.export" }

// Check implements Command.
func (c *AddScheduler) Check() error { return checkMember("address", c.Address) }

// Check implements Command.
func (c *RemoveScheduler) Check() error { return checkMember("id", c.ID) }

// Check implements Command.
func (*TakeSnapshot) Check() error { return nil }

// Check implements Command.
func (c *ExportState) Check() error {
	if c.Offset < 0 || c.Offset > 0 && c.Snapshot == "" || len(c.Snapshot) > wire.MaxText {
		return invalid("offset %d: want that of a part, with the snapshot that the first has", c.Offset)
	}
	return nil
}

func checkMember(what, s string) error {
	if s == "" || len(s) > wire.MaxText || !wire.Printable(s) || strings.ContainsAny(s, " \t") {
		return invalid("%s %.80q: want host:port", what, s)
	}
	return nil
}

// ClusterResult says what a command did to the cluster of schedulers.
type ClusterResult struct {
	Changed bool     `json:"changed"`
	Notes   []string `json:"notes,omitempty"`
	// Index is that of the log, and Members are the schedulers from now on.
	Index   uint64   `json:"index"`
	Members []string `json:"members"`
}

// Export is a part of a snapshot.
type Export struct {
	Snapshot string `json:"snapshot"`
	// Index is up to where in the log it goes.
	Index  uint64 `json:"index"`
	Offset int64  `json:"offset"`
	// Total is how many bytes all parts have.
	Total int64  `json:"total"`
	Data  []byte `json:"data"`
}

// MaxExport bounds the data of a part, in bytes.
const MaxExport = 256 << 10
