package messaging_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability/subject"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/providers/messaging"
	"github.com/wattle-dev/wattle/providers/messaging/natsmessaging"
)

func patterns(t *testing.T, texts ...string) []subject.Pattern {
	t.Helper()
	var all []subject.Pattern
	for _, text := range texts {
		p, err := subject.ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// granted returns a grant with two links, and the messages that reach the lattice.
func granted(t *testing.T) (*messaging.Grant, <-chan *lattice.Message) {
	t.Helper()
	n := memlattice.New(memlattice.Options{})
	member, err := n.Join("host")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = member.Close() })
	seen := make(chan *lattice.Message, 10)
	if _, err := member.Subscribe(">", "", func(m *lattice.Message) { seen <- m }); err != nil {
		t.Fatal(err)
	}
	return &messaging.Grant{
		Broker: natsmessaging.New(natsmessaging.Options{Messenger: member, Lattice: "l", Component: "a"}),
		Links: []messaging.Link{
			{Name: "default", Publish: patterns(t, "orders.*", "answers"), Timeout: 50 * time.Millisecond},
			{Name: "audit", Publish: patterns(t, "audit.>"), Timeout: time.Minute},
		},
	}, seen
}

func acting() context.Context {
	return lattice.WithInvocation(context.Background(), &lattice.Invocation{Target: "a", Depth: lattice.DefaultDepth})
}

// A component sends what its link allows, with replies that it allows too, and nothing
// else.
func TestPublish(t *testing.T) {
	g, seen := granted(t)
	for _, test := range []struct {
		link, subject, reply string
		want                 error
	}{
		{"", "orders.created", "", nil},
		{"default", "orders.created", "answers", nil},
		{"audit", "audit.a.b", "", nil},
		{"", "audit.a.b", "", lattice.ErrDenied},
		{"audit", "orders.created", "", lattice.ErrDenied},
		{"", "orders", "", lattice.ErrDenied},
		{"", "orders.a.b", "", lattice.ErrDenied},
		{"", "orders.created", "elsewhere", lattice.ErrDenied},
		{"", "orders.created", "$JS.API.STREAM.DELETE.x", lattice.ErrInvalid},
		{"", "orders.created", "_INBOX.somebody.1", lattice.ErrInvalid},
		{"", "orders.created", "wattle.other.msg.orders.created", lattice.ErrInvalid},
		{"", "_INBOX.somebody.1", "", lattice.ErrInvalid},
		{"", "_answer.abc", "", lattice.ErrInvalid},
		{"", "$JS.API.INFO", "", lattice.ErrInvalid},
		{"", "orders.>", "", lattice.ErrInvalid},
	} {
		link, err := g.Link(test.link)
		if err != nil {
			t.Fatal(err)
		}
		err = g.Publish(acting(), link, &messaging.Message{Subject: test.subject, Reply: test.reply})
		if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%+v: %v", test, err)
			continue
		}
		if err != nil {
			continue
		}
		reply := ""
		if test.reply != "" {
			reply = "wattle.l.msg." + test.reply
		}
		if m := <-seen; m.Subject != "wattle.l.msg."+test.subject || m.Reply != reply {
			t.Errorf("%+v: sent on %q with reply %q", test, m.Subject, m.Reply)
		}
	}
	if len(seen) > 0 {
		t.Errorf("something else was sent: %v", (<-seen).Subject)
	}
	if _, err := g.Link("none"); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("a link that is not there: %v", err)
	}
	var nothing *messaging.Grant
	if _, err := nothing.Link(""); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("without a grant: %v", err)
	}
	if _, err := nothing.All(); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("without a grant: %v", err)
	}
	all, err := g.All()
	if err != nil || len(all.Publish) != 3 || len(g.Links[0].Publish) != 2 {
		t.Errorf("all links are %v, %v", all, err)
	}
}

// The inbox of who asked has a name that only the call which was given the message can
// use, for answers and to pass it on.
func TestDeliver(t *testing.T) {
	g, seen := granted(t)
	link, err := g.Link("")
	if err != nil {
		t.Fatal(err)
	}
	const inbox = "_INBOX.who.asked"
	ctx, m := messaging.Deliver(acting(), &messaging.Message{Subject: "a", Reply: inbox, Body: []byte("x")})
	if m.Reply == inbox || !strings.HasPrefix(m.Reply, "_answer.") || len(m.Reply) < 30 || string(m.Body) != "x" {
		t.Fatalf("given %+v", m)
	}
	if err := errors.Join(
		g.Publish(ctx, link, &messaging.Message{Subject: m.Reply}),
		g.Publish(ctx, link, &messaging.Message{Subject: "orders.created", Reply: m.Reply}),
	); err != nil {
		t.Fatal(err)
	}
	first, second := <-seen, <-seen
	if diff := cmp.Diff([]string{inbox, "", "wattle.l.msg.orders.created", inbox}, []string{first.Subject, first.Reply, second.Subject, second.Reply}); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if err := g.Publish(acting(), link, &messaging.Message{Subject: m.Reply}); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("another call answers: %v", err)
	}
	other, _ := messaging.Deliver(acting(), &messaging.Message{Reply: inbox})
	if err := g.Publish(other, link, &messaging.Message{Subject: m.Reply}); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("another call of the same inbox answers: %v", err)
	}
	if ctx, m := messaging.Deliver(acting(), &messaging.Message{Reply: "answers"}); m.Reply != "answers" || g.Publish(ctx, link, &messaging.Message{Subject: "elsewhere"}) == nil {
		t.Errorf("a reply that is a subject is given as %q", m.Reply)
	}
}

func TestRequestBounds(t *testing.T) {
	g, _ := granted(t)
	link, err := g.Link("")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, -1, messaging.MaxAnswers + 1} {
		if _, err := g.Request(acting(), link, &messaging.Message{Subject: "orders.a"}, 0, n); !errors.Is(err, lattice.ErrExhausted) {
			t.Errorf("%d answers: %v", n, err)
		}
	}
	// The link's time goes over what is asked for.
	if _, err := g.Request(acting(), link, &messaging.Message{Subject: "orders.a"}, time.Hour, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody answers: %v", err)
	}
	if _, err := g.Request(acting(), link, &messaging.Message{Subject: "denied"}, time.Hour, 1); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("a subject that is not allowed: %v", err)
	}
}
