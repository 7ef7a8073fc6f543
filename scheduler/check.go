package scheduler

import (
	"context"
	"crypto/sha256"
	"runtime"
	"sync"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/lead"
)

// checks are entries that wait until it is known what they are worth. Signatures are most
// of the work of a leader, and what it waits for when it begins: they are verified beside
// the loop, on all processors, while the loop takes in what was verified in the order in
// which it came.
type checks chan *changed

// maxChecks bounds the entries that wait.
const maxChecks = 256

// checkAll verifies entries until ctx ends.
func (l *leading) checkAll(ctx context.Context, wg *sync.WaitGroup) {
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				select {
				case c := <-l.checks:
					l.check(c)
				case <-ctx.Done():
					return
				}
			}
		})
	}
}

// check says what an entry is worth.
func (l *leading) check(c *changed) {
	defer close(c.checked)
	if c.of == hosts {
		if id, err := lattice.ParseHostID(c.entry.Key); err == nil {
			c.report, c.err = l.report(id, c.entry)
		}
		return
	}
	c.value = l.value(lead.Doc{Bucket: c.of, Key: c.entry.Key}, c.entry.Value)
}

// value returns the document that was signed, nil if no scheduler has.
func (l *leading) value(d lead.Doc, signed []byte) []byte {
	if value := l.own.value(d, signed); value != nil {
		return value
	}
	value, err := l.verifier.Scheduler(l.bucketName(d.Bucket), d.Key, signed)
	if err != nil {
		return nil
	}
	return value
}

func (l *leading) report(id lattice.HostID, e lattice.Entry) (*lattice.HostReport, error) {
	value, err := l.verifier.Host(id, l.buckets.Hosts(), e.Key, e.Value)
	if err != nil {
		return nil, err
	}
	return wire.DecodeHostReport(value, l.name, id)
}

// ownWords are the documents that this leader has signed and that have not come back to
// it. There is no need to verify those. It is safe for concurrent use.
type ownWords struct {
	mu  sync.Mutex
	all map[lead.Doc]ownWord
}

type ownWord struct {
	signed [sha256.Size]byte
	value  []byte
}

// sign says that a document is about to be written.
func (o *ownWords) sign(d lead.Doc, value, signed []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all[d] = ownWord{sha256.Sum256(signed), value}
}

// value returns the document if these are the bytes that it was signed with, or else nil.
func (o *ownWords) value(d lead.Doc, signed []byte) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if own, ok := o.all[d]; ok && own.signed == sha256.Sum256(signed) {
		delete(o.all, d)
		return own.value
	}
	return nil
}
