package invoke

import "github.com/wattle-dev/wattle/lattice/wire"

// outbox is what one side of an exchange sends. It has no lock of its own.
type outbox struct {
	// next is the sequence number of the next frame, and base that of kept[0].
	// Frames before base have been acknowledged.
	next, base uint64
	kept       []sent
	one        [1]sent // for kept, as a rule
	// cost is the sum of the costs of all frames, limit what the other side lets
	// it grow to. keptCost is that of the kept ones, most what this side allows.
	cost, limit    uint64
	keptCost, most uint64
	ended          bool
}

// sent is a frame that may be asked for again.
type sent struct {
	data []byte
	cost uint64
	// lent says that somebody else reads data.
	lent bool
}

// room is the cost of frames that may be sent now.
func (o *outbox) room() uint64 {
	return min(o.limit-min(o.cost, o.limit), o.most-min(o.keptCost, o.most))
}

// add takes a frame that is being sent.
func (o *outbox) add(data []byte, cost uint64, last bool) {
	if o.kept == nil {
		o.kept = o.one[:0]
	}
	o.kept = append(o.kept, sent{data: data, cost: cost})
	o.next++
	o.cost += cost
	o.keptCost += cost
	o.ended = o.ended || last
}

// acknowledge takes the word of the other side. It reports whether more may be
// sent than before.
func (o *outbox) acknowledge(received, limit uint64) bool {
	if received > o.next {
		return false // it cannot have got what was not sent
	}
	more := o.base < received
	for o.base < received {
		k := o.kept[0]
		if !k.lent {
			putBuffer(k.data)
		}
		o.keptCost -= k.cost
		o.kept[0] = sent{}
		o.kept = o.kept[1:]
		o.base++
	}
	if limit > o.limit {
		o.limit, more = limit, true
	}
	return more
}

// from returns the frames that are kept, from a sequence number on.
func (o *outbox) from(sequence uint64) [][]byte {
	if sequence < o.base || sequence >= o.next {
		return nil
	}
	kept := o.kept[sequence-o.base:]
	again := make([][]byte, len(kept))
	for i := range kept {
		kept[i].lent = true
		again[i] = kept[i].data
	}
	return again
}

// inbox is what one side of an exchange receives. It has no lock of its own.
type inbox struct {
	// next is the sequence number that is awaited.
	next  uint64
	queue []wire.Data
	one   [1]wire.Data // for queue, as a rule
	// arrived and taken are sums of costs: of all frames, and of those that the
	// reader has taken. limit is what arrived may grow to, and told what taken
	// was when the other side was told last.
	arrived, taken, limit, told uint64
	window                      uint64
	headed, ended               bool
}

// verdict is what becomes of a frame.
type verdict uint8

const (
	accepted verdict = iota
	duplicate
	gap    // frames before it are missing
	excess // it was not allowed
)

// accept takes a frame that has arrived.
func (i *inbox) accept(d *wire.Data) verdict {
	switch {
	case d.Sequence < i.next || i.ended:
		return duplicate
	case d.Sequence > i.next:
		return gap
	}
	if d.Flags&wire.FlagHead != 0 {
		if i.headed {
			return excess
		}
		i.headed = true
	}
	// The last frame needs no credit: there is one.
	last := d.Flags&wire.FlagEnd != 0
	if cost := d.Cost(); !last {
		if i.arrived+cost > i.limit {
			return excess
		}
		i.arrived += cost
	}
	i.next++
	i.ended = last
	if i.queue == nil {
		i.queue = i.one[:0]
	}
	i.queue = append(i.queue, *d)
	return accepted
}

// take returns the next frame for the reader.
func (i *inbox) take() (wire.Data, bool) {
	if len(i.queue) == 0 {
		return wire.Data{}, false
	}
	d := i.queue[0]
	i.queue[0] = wire.Data{}
	i.queue = i.queue[1:]
	if d.Flags&wire.FlagEnd == 0 {
		i.taken += d.Cost()
	}
	return d, true
}

// grant raises the limit to what the window allows, and reports whether it is
// worth telling the other side: when half of the window is free again, and sooner
// when the reader is waiting, since the other side may keep less than a window.
func (i *inbox) grant() bool {
	free := i.taken - i.told
	if i.ended || i.limit > 0 && free < i.window/2 && (len(i.queue) > 0 || free < minWindow/2) {
		return false
	}
	i.limit, i.told = i.taken+i.window, i.taken
	return true
}
