package capability

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/wattle-dev/wattle/host/wasmcloud/messaging"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/lattice/capability/subject"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/providers/messaging/natsmessaging"
	"github.com/wattle-dev/wattle/wit"
)

// slow is a component that takes its time.
type slow struct {
	begun, end chan struct{}
}

func (s *slow) Func(string, string) (*wit.Func, error) {
	return wit.ParseSignature(messaging.HandlerHandleMessageSignature)
}

func (s *slow) Call(context.Context, string, string, []wit.Value) ([]wit.Value, error) {
	s.begun <- struct{}{}
	<-s.end
	return []wit.Value{wit.ResultValue{}}, nil
}

// What is not done with is bounded, in messages and bytes; a source that ends waits for
// what it has taken, and takes nothing more.
func TestPending(t *testing.T) {
	n := memlattice.New(memlattice.Options{})
	l, err := n.Join("host")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	pattern, err := subject.ParsePattern("a")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	const room = 10
	i := &inflow{
		handler: &handlers[0], subscriptions: []capability.Subscription{{Subject: pattern, Queue: "q"}},
		log: slog.New(slog.NewTextHandler(&log, nil)), left: room,
	}
	broker := natsmessaging.New(natsmessaging.Options{Messenger: l, Lattice: "l", Component: "c"})
	target := &slow{make(chan struct{}), make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := i.serve(ctx, broker, target); err != nil {
			t.Error(err)
		}
	})
	sent := func(data string) {
		t.Helper()
		for {
			_, err := l.Request(t.Context(), &lattice.Message{Subject: "wattle.l.msg.probe"})
			if !lattice.Undelivered(err) {
				t.Fatal(err)
			}
			if err := l.Publish(&lattice.Message{Subject: "wattle.l.msg.a", Data: []byte(data)}); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	for { // until it has subscribed
		sent("12345678")
		begun := false
		select {
		case <-target.begun:
			begun = true
		default:
		}
		if begun {
			break
		}
	}
	i.mu.Lock()
	pending, left := i.pending, i.left
	i.mu.Unlock()
	if pending != 1 || left != room-8 {
		t.Errorf("%d messages are pending, and there is room for %d bytes", pending, left)
	}
	cancel()
	close(target.end)
	go func() {
		for range target.begun { //nolint:revive // the rest of what was taken
		}
	}()
	serving.Wait()
	close(target.begun)
	if i.pending != 0 || i.left != room {
		t.Errorf("in the end %d messages are pending, and there is room for %d bytes", i.pending, i.left)
	}
	if text := log.String(); text != "" && !strings.Contains(text, errors.Unwrap(errPending).Error()) {
		t.Errorf("the log says %s", text)
	}
}
