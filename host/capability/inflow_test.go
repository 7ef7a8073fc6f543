package capability

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/wattle-dev/wattle/host/wasmcloud/messaging"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/lattice/capability/subject"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	providers "github.com/wattle-dev/wattle/providers/messaging"
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
	for taken := false; !taken; { // until it has subscribed
		if err := l.Publish(&lattice.Message{Subject: "wattle.l.msg.a", Data: []byte("12345678")}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-target.begun:
			taken = true
		default:
		}
	}
	i.mu.Lock()
	pending, left := i.pending, i.left
	i.mu.Unlock()
	if pending != 1 || left != room-8 {
		t.Errorf("%d messages are pending, and there is room for %d bytes", pending, left)
	}
	// Another has no room.
	i.take(lattice.WithInvocation(t.Context(), &lattice.Invocation{}), target, &providers.Message{Subject: "a", Body: []byte("123")})
	cancel()
	close(target.end)
	served := make(chan struct{})
	go func() { // what had arrived before is handled as well
		for {
			select {
			case <-target.begun:
			case <-served:
				return
			}
		}
	}()
	serving.Wait()
	close(served)
	if i.pending != 0 || i.left != room {
		t.Errorf("in the end %d messages are pending, and there is room for %d bytes", i.pending, i.left)
	}
	if text := log.String(); !strings.Contains(text, "messages dropped") || !strings.Contains(text, "67108864 bytes wait") {
		t.Errorf("the log says %s", text)
	}
}
