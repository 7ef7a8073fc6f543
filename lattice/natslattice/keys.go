package natslattice

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// Keys implements lattice.Bucket. As a bucket keeps one message of a key, the order of
// the stream is one in which keys can be counted through.
func (b *bucket) Keys(ctx context.Context, pattern string, after uint64, limit int) ([]lattice.Entry, bool, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	p := &keyPage{b: b, after: after, limit: max(limit, 1)}
	err := checkPattern(pattern)
	if err == nil {
		err = p.read(ctx, pattern)
	}
	if err != nil {
		return nil, false, fmt.Errorf("list the keys %q in bucket %q: %w", pattern, b.name, err)
	}
	return p.keys, p.more, nil
}

// fieldSize is the field of messages without their data that says how much there is.
const fieldSize = "Nats-Msg-Size"

// keyPage is a page of keys that is being read.
type keyPage struct {
	b     *bucket
	after uint64
	limit int
	keys  []lattice.Entry
	more  bool
}

func (p *keyPage) read(ctx context.Context, pattern string) error {
	begun := false
	for attempt := 0; ; attempt++ {
		err := p.b.l.feed(ctx, p.b.stream, p.b.prefix+pattern, position{sequence: p.after + 1}, feedFuncs{
			keys: true,
			begin: func(pending uint64) error {
				if begun = true; pending == 0 {
					return errEnough
				}
				return nil
			},
			message: func(d *delivery) error {
				attempt = 0
				return p.message(d)
			},
		})
		if stop, err := p.b.l.resume(ctx, attempt, err, begun); stop {
			return err
		}
	}
}

func (p *keyPage) message(d *delivery) error {
	p.after = d.sequence
	if key, ok := strings.CutPrefix(d.msg.Subject, p.b.prefix); ok && !deletion(d.msg.Header) {
		size, err := strconv.Atoi(d.msg.Header.Get(fieldSize))
		if err != nil || size < 0 {
			return callbackError{fmt.Errorf("%w: the server does not say how large the value of %q is", lattice.ErrInternal, key)}
		}
		p.keys = append(p.keys, lattice.Entry{Key: key, Size: size, Revision: d.sequence, Time: p.b.l.ours(d.time)})
	}
	switch {
	case d.pending == 0:
		return errEnough
	case len(p.keys) == p.limit:
		p.more = true
		return errEnough
	}
	return nil
}
