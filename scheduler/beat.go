package scheduler

import (
	"context"
	"encoding/json"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Beat is what the leader writes again and again under wire.SchedulerLeader. As long as it
// comes back to the leader, the leader hears what hosts report.
type Beat struct {
	// ID is that of the leader's node of the log, Service that of its microservice.
	ID      string `json:"id"`
	Service string `json:"service"`
	Address string `json:"address,omitempty"`
	Term    uint64 `json:"term"`
	Beat    uint64 `json:"beat"`
}

// beatEvery is the time between two beats.
const beatEvery = time.Second

// maxBeat bounds the document, in bytes.
const maxBeat = 4 << 10

// beat writes the beat until ctx ends. One that fails is noticed by its absence.
func (l *leading) beat(ctx context.Context, bucket lattice.Bucket) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	b := Beat{ID: l.node.ID(), Service: l.opts.ID, Address: l.node.Leader().Address, Term: l.term}
	for failing := false; ; {
		b.Beat++
		err := l.writeBeat(ctx, bucket, &b)
		if err != nil && ctx.Err() == nil && !failing {
			l.log.WarnContext(ctx, "beat is not written: while it is not, no host counts as lost", "error", err)
		}
		failing = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *leading) writeBeat(ctx context.Context, bucket lattice.Bucket, b *Beat) error {
	value, err := json.Marshal(b)
	if err != nil {
		return err
	}
	signed, err := l.signer.Sign(l.buckets.Scheduler(), wire.SchedulerLeader, value)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, beatEvery)
	defer cancel()
	_, err = bucket.Put(ctx, wire.SchedulerLeader, signed)
	return err
}

// heed takes in a beat: its own, as that of another leader, which one of them is not any
// more, says nothing.
func (l *leading) heed(c changed) {
	if !c.live || c.entry.Deleted || c.entry.Key != wire.SchedulerLeader {
		return
	}
	value, err := l.verifier.Scheduler(c.bucket, c.entry.Key, c.entry.Value)
	if err != nil {
		return
	}
	var b Beat
	if wire.DecodeForeign("beat", value, maxBeat, &b) != nil || b.ID != l.node.ID() || b.Service != l.opts.ID || b.Term != l.term {
		return
	}
	l.lead.Beat(l.at(c.at))
}
