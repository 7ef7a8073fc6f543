package io

import (
	"context"
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component"
)

// MaxPoll is how many pollables a guest can poll at once.
const MaxPoll = 1 << 16

// Pollable is the resource wasi:io/poll.pollable.
type Pollable struct{ event Event }

// NewPollable returns a pollable that is ready when the event is.
func NewPollable(e Event) *Pollable { return &Pollable{event: e} }

// Ready implements pollable.ready.
func (p *Pollable) Ready(*component.Call) (bool, error) { return p.event.Ready(), nil }

// Block implements pollable.block.
func (p *Pollable) Block(c *component.Call) error { return Wait(c.Context(), p.event) }

// poller implements Poll, which needs no state.
type poller struct{}

// Poll implements poll.poll.
func (poller) Poll(c *component.Call, in []*Pollable) ([]uint32, error) {
	return poll(c.Context(), in)
}

// Define offers all of wasi:io to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineError(l),
		DefinePoll(l, func(*component.Call) Poll { return poller{} }),
		DefineStreams(l),
	)
}

func poll(ctx context.Context, in []*Pollable) ([]uint32, error) {
	switch {
	case len(in) == 0:
		return nil, errors.New("poll of an empty list")
	case len(in) > MaxPoll:
		return nil, fmt.Errorf("poll of %d pollables, at most %d are allowed", len(in), MaxPoll)
	}
	for {
		var ready []uint32
		for i, p := range in {
			if p.event.Ready() {
				ready = append(ready, uint32(i))
			}
		}
		if len(ready) > 0 {
			return ready, nil
		}
		events := make([]Event, len(in))
		for i, p := range in {
			events[i] = p.event
		}
		if err := Wait(ctx, events...); err != nil {
			return nil, err
		}
	}
}
