package daemon

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// event publishes an event. Nobody waits for it: what is so is in reports.
func (d *Daemon) event(kind, subject string, about any) {
	data, err := json.Marshal(about)
	if err != nil {
		d.log.Error("event not made", "event", kind, "error", err)
		return
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never fails
	event, err := wire.EncodeEvent(&lattice.Event{
		SpecVersion: "1.0", ID: hex.EncodeToString(id[:]), Source: string(d.opts.ID), Type: lattice.EventPrefix + kind,
		Subject: subject, Time: time.Now().UTC(), DataContentType: "application/json", Data: data,
	})
	if err == nil {
		err = d.l.Publish(&lattice.Message{Subject: d.subjects.HostEvent(d.opts.ID, kind), Data: event})
	}
	if err != nil {
		d.log.Debug("event not published", "event", kind, "error", err)
	}
}
