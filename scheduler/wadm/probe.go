package wadm

import (
	"context"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// probeFor is how long answers are waited for: all of them, because an edge may be the
// first to answer.
const probeFor = 2 * time.Second

// maxAnswers bounds the answers that are looked at.
const maxAnswers = 16

// Probe reports whether a wadm manages the lattice: something that answers on its API
// and is no edge. It takes two seconds if nothing but edges answers, and less if
// nobody does.
func Probe(ctx context.Context, m lattice.Messenger, name lattice.Name) (bool, error) {
	answers := make(chan *lattice.Message, maxAnswers)
	inbox := m.NewInbox()
	sub, err := m.Subscribe(inbox, "", func(a *lattice.Message) {
		select {
		case answers <- a:
		default: // that many are enough
		}
	})
	if err != nil {
		return false, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := m.Publish(&lattice.Message{Subject: apiSubject(name) + "model.list", Reply: inbox}); err != nil {
		return false, err
	}
	timeout := time.NewTimer(probeFor)
	defer timeout.Stop()
	for {
		select {
		case a := <-answers:
			switch {
			case a.NoResponders():
				return false, nil
			case a.Header.Get(fieldEdge) == "":
				return true, nil
			}
		case <-timeout.C:
			return false, nil
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}
