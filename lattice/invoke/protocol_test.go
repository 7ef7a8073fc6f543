package invoke_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/witbin"
)

// peer writes and reads frames by hand.
type peer struct {
	t        *testing.T
	l        lattice.Lattice
	subjects wire.Subjects
	to       string
	replyTo  string
	mu       sync.Mutex
	got      []*lattice.Message
}

// newPeer returns a peer that talks to a host.
func newPeer(t *testing.T, n *memlattice.Network, host lattice.HostID) *peer {
	p := &peer{t: t, l: join(t, n, "peer"), subjects: wire.Subjects{Lattice: name}}
	p.to, p.replyTo = p.subjects.Invoke(host), p.subjects.Caller("peer")
	p.listen(p.replyTo)
	return p
}

func (p *peer) listen(subject string) {
	p.t.Helper()
	if _, err := p.l.Subscribe(subject, "", func(m *lattice.Message) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got = append(p.got, m)
	}); err != nil {
		p.t.Fatal(err)
	}
}

// send publishes a frame, and waits until everybody waits.
func (p *peer) send(reply string, frame []byte) {
	p.t.Helper()
	if err := p.l.Publish(&lattice.Message{Subject: p.to, Reply: reply, Data: frame}); err != nil {
		p.t.Fatal(err)
	}
	synctest.Wait()
}

// kinds returns what has come since it was asked last.
func (p *peer) kinds() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	var kinds []string
	for _, m := range p.got {
		f, err := wire.ParseFrame(m.Data)
		if err != nil {
			p.t.Fatal(err)
		}
		word := f.Kind.String()
		switch f.Kind {
		case wire.KindUnknown:
			if certain, _, err := f.Unknown(); err == nil && certain {
				word = "certainly unknown"
			}
		case wire.KindData:
			if d, err := f.Data(); err == nil && d.Flags&wire.FlagFault != 0 {
				fault, err := wire.ParseFault(d.Section)
				if err != nil {
					p.t.Fatal(err)
				}
				word = "fault " + string(fault.Code)
				if fault.Undelivered {
					word += " undelivered"
				}
			}
		}
		kinds = append(kinds, word)
	}
	p.got = nil
	return strings.Join(kinds, ", ")
}

func (p *peer) want(kinds string) {
	p.t.Helper()
	if got := p.kinds(); got != kinds {
		p.t.Fatalf("the host sent %q, want %q", got, kinds)
	}
}

func (p *peer) token(id wire.ExchangeID) string {
	return p.replyTo + "." + string(id.AppendToken(nil))
}

func openFrame(t *testing.T, id wire.ExchangeID, end bool) []byte {
	t.Helper()
	params, err := witbin.AppendParams(nil, echo, []wit.Value{"hello"})
	if err != nil {
		t.Fatal(err)
	}
	o := wire.Open{Timeout: 60_000, Window: 1 << 18, Hash: witbin.Hash(echo), Target: "c", Interface: iface, Function: "echo", Body: params}
	if end {
		o.Flags = wire.FlagEnd
	}
	return wire.AppendOpen(nil, id, &o)
}

func probe(id wire.ExchangeID, age time.Duration) []byte {
	return wire.AppendState(nil, wire.KindProbe, id, wire.State{Age: uint64(age.Milliseconds()), Sent: 1, Limit: 1 << 18})
}

// hosted runs f with a peer of a host.
func hosted(t *testing.T, h *handler, opts *invoke.Options, f func(p *peer, n *memlattice.Network)) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		s := serve(t, join(t, n, "host"), hostID(0), h, opts)
		f(newPeer(t, n, hostID(0)), n)
		_ = s.Close()
	})
}

func TestOpenTwiceRunsOnce(t *testing.T) {
	h := &handler{}
	hosted(t, h, nil, func(p *peer, _ *memlattice.Network) {
		id := wire.ExchangeID{1}
		p.send(p.token(id), openFrame(t, id, true))
		p.want("data")
		p.send(p.token(id), openFrame(t, id, true))
		p.want("")
		if n := h.calls.Load(); n != 1 {
			t.Errorf("the handler was called %d times", n)
		}
		p.send(p.replyTo, probe(id, time.Second))
		p.want("data") // the result again
		p.send(p.replyTo, wire.AppendState(nil, wire.KindCredit, id, wire.State{Received: 1}))
		p.send(p.replyTo, probe(id, time.Second))
		p.want("unknown") // it has been acknowledged, and is not kept
	})
}

func TestUnknownIsForGood(t *testing.T) {
	h := &handler{}
	hosted(t, h, nil, func(p *peer, _ *memlattice.Network) {
		young, old := wire.ExchangeID{1}, wire.ExchangeID{2}
		p.send(p.replyTo, probe(young, 500*time.Millisecond))
		p.want("unknown") // this host may have had a predecessor
		<-time.After(time.Minute)
		p.send(p.replyTo, probe(old, 500*time.Millisecond))
		p.want("certainly unknown")
		p.send(p.replyTo, probe(wire.ExchangeID{3}, 59*time.Second))
		p.want("unknown") // the probe may have been on its way for long
		p.send(p.replyTo, probe(wire.ExchangeID{4}, time.Hour))
		p.want("unknown") // it is older than the host
		for _, id := range []wire.ExchangeID{young, old} {
			p.send(p.token(id), openFrame(t, id, true))
		}
		p.want("")
		if n := h.calls.Load(); n != 0 {
			t.Errorf("the handler was called %d times after the host had said that it did not know", n)
		}
	})
}

func TestCancelBeforeOpen(t *testing.T) {
	h := &handler{}
	hosted(t, h, nil, func(p *peer, _ *memlattice.Network) {
		id := wire.ExchangeID{7}
		p.send(p.replyTo, wire.AppendCancel(nil, id, lattice.CodeCanceled))
		p.send(p.token(id), openFrame(t, id, true))
		p.want("")
		if n := h.calls.Load(); n != 0 {
			t.Errorf("the handler was called %d times", n)
		}
	})
}

func TestRefusalIsForGood(t *testing.T) {
	h := &handler{call: func(ctx context.Context, _ *lattice.Invocation, _ string) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}}
	hosted(t, h, &invoke.Options{MaxCalls: 1}, func(p *peer, _ *memlattice.Network) {
		first, second := wire.ExchangeID{1}, wire.ExchangeID{2}
		p.send(p.token(first), openFrame(t, first, true))
		p.send(p.token(second), openFrame(t, second, true))
		p.want("fault unavailable undelivered")
		p.send(p.replyTo, wire.AppendCancel(nil, first, lattice.CodeCanceled))
		p.want("fault canceled")
		p.send(p.token(second), openFrame(t, second, true))
		p.want("")
		if n := h.calls.Load(); n != 1 {
			t.Errorf("the handler was called %d times", n)
		}
	})
}

// TestFramesGoToCallersOnly has a caller name as the place for its answers one on
// which the host may publish for other reasons.
func TestFramesGoToCallersOnly(t *testing.T) {
	h := &handler{}
	hosted(t, h, nil, func(p *peer, _ *memlattice.Network) {
		p.listen("$KV.>")
		p.listen("other.>")
		id := wire.ExchangeID{9}
		token := string(id.AppendToken(nil))
		for _, reply := range []string{
			"", "$KV.wattle_test_hosts." + token, "other." + token, p.subjects.Caller("peer"), p.subjects.Caller("peer") + ".x." + token,
			"wattle.other.caller.peer." + token, p.subjects.Caller("peer") + "." + string(wire.ExchangeID{8}.AppendToken(nil)),
		} {
			p.send(reply, openFrame(t, id, true))
		}
		p.send("$KV.wattle_test_hosts.x", probe(id, 0))
		p.want("")
		if n := h.calls.Load(); n != 0 {
			t.Errorf("the handler was called %d times", n)
		}
	})
}

// TestMoreThanAllowed has a caller send more than the reader has room for.
func TestMoreThanAllowed(t *testing.T) {
	got := make(chan error, 1)
	h := &handler{http: func(_ http.ResponseWriter, r *http.Request) {
		_, _ = r.Body.Read(make([]byte, 1)) // it gives the caller a window
		<-time.After(time.Second)
		_, err := io.Copy(io.Discard, r.Body)
		got <- err
	}}
	hosted(t, h, nil, func(p *peer, _ *memlattice.Network) {
		id := wire.ExchangeID{1}
		head := wire.AppendRequestHead(nil, &wire.RequestHead{Method: "POST", Path: "/", Proto: 11, Length: -1})
		p.send(p.token(id), wire.AppendOpen(nil, id, &wire.Open{Flags: wire.FlagHTTP, Window: 1 << 18, Target: "c", Head: head}))
		p.want("credit")
		for i := range uint64(6) { // there is room for four
			p.send(p.replyTo, wire.AppendData(nil, id, &wire.Data{Sequence: 1 + i, Body: make([]byte, 60<<10)}))
		}
		<-time.After(2 * time.Second)
		if err := <-got; !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("the reader got %v", err)
		}
	})
}

func TestGarbage(t *testing.T) {
	h := &handler{}
	hosted(t, h, nil, func(p *peer, _ *memlattice.Network) {
		id := wire.ExchangeID{1}
		good := openFrame(t, id, true)
		for i := range len(good) - 8 {
			bad := append([]byte(nil), good[:i]...)
			p.send(p.token(wire.ExchangeID{1}), bad)
		}
		for word := range strings.SplitSeq(p.kinds(), ", ") {
			if word != "" && word != "fault invalid undelivered" {
				t.Errorf("garbage was answered with %q", word)
			}
		}
		if n := h.calls.Load(); n != 0 {
			t.Errorf("the handler was called %d times", n)
		}
	})
}

func TestVanishedCaller(t *testing.T) {
	var mu sync.Mutex
	var ended time.Time
	h := &handler{call: func(ctx context.Context, _ *lattice.Invocation, _ string) (string, error) {
		<-ctx.Done()
		mu.Lock()
		defer mu.Unlock()
		ended = time.Now()
		return "", context.Cause(ctx)
	}}
	hosted(t, h, nil, func(p *peer, _ *memlattice.Network) {
		id, start := wire.ExchangeID{1}, time.Now()
		p.send(p.token(id), openFrame(t, id, true))
		<-time.After(20 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		if took := ended.Sub(start); took < 5*time.Second || took > 5200*time.Millisecond {
			t.Errorf("the call was cancelled after %v", took)
		}
	})
}

func TestDeadHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &handler{call: func(ctx context.Context, _ *lattice.Invocation, _ string) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}}
		p := newPair(t, h, nil)
		start := time.Now()
		time.AfterFunc(time.Second, func() { p.network.Partition([]string{"caller"}, []string{"host"}) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := p.echo(ctx, "x")
		if took := time.Since(start); !errors.Is(err, lattice.ErrUnavailable) || lattice.Undelivered(err) || took > 7*time.Second {
			t.Errorf("error %v (undelivered: %v) after %v", err, lattice.Undelivered(err), took)
		}
		p.client.Close()
		_ = p.server.Close()
	})
}

// TestRestartedHost has a host be replaced by a successor of the same name while a
// call is under way.
func TestRestartedHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		h := &handler{call: func(ctx context.Context, _ *lattice.Invocation, _ string) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}}
		first, err := n.Join("host")
		if err != nil {
			t.Fatal(err)
		}
		old := serve(t, first, hostID(0), h, nil)
		c := dial(t, join(t, n, "caller"), nil)
		successor := &handler{}
		next := make(chan *invoke.Server, 1)
		time.AfterFunc(time.Minute, func() {
			_ = first.Close() // as when the process is killed: nothing is said
			next <- serve(t, join(t, n, "host"), hostID(0), successor, nil)
		})
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		_, err = c.Call(ctx, hostID(0), call("c"), echo, []wit.Value{"x"})
		took := time.Since(start) - time.Minute
		if !errors.Is(err, lattice.ErrUnavailable) || lattice.Undelivered(err) || took > 2*time.Second {
			t.Errorf("error %v (undelivered: %v) %v after the host was restarted", err, lattice.Undelivered(err), took)
		}
		if n := successor.calls.Load(); n != 0 {
			t.Errorf("the successor was called %d times", n)
		}
		c.Close()
		_ = old.Close()
		_ = (<-next).Close()
	})
}

func TestLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &handler{}
		p := newPair(t, h, nil)
		p.network.SetRules(memlattice.Rule{From: "host", To: "caller", Faults: memlattice.Faults{Drop: 1}})
		time.AfterFunc(2*time.Second, func() { p.network.SetRules() })
		start := time.Now()
		if got, err := p.echo(t.Context(), "x"); err != nil || got != "x" || time.Since(start) > 3*time.Second || h.calls.Load() != 1 {
			t.Errorf("%q, error %v after %v, %d calls", got, err, time.Since(start), h.calls.Load())
		}
		p.network.SetRules(memlattice.Rule{From: "caller", To: "host", Faults: memlattice.Faults{Drop: 1}})
		<-time.After(5 * time.Second) // the host is not that young any more
		time.AfterFunc(400*time.Millisecond, func() { p.network.SetRules() })
		if got, err := p.echo(t.Context(), "y"); err != nil || got != "y" || h.calls.Load() != 2 {
			t.Errorf("lost request: %q, error %v, %d calls", got, err, h.calls.Load())
		}
		p.client.Close()
		_ = p.server.Close()
	})
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := &handler{call: func(context.Context, *lattice.Invocation, string) (string, error) {
			<-release
			return "done", nil
		}}
		p := newPair(t, h, nil)
		result := make(chan error, 1)
		go func() {
			_, err := p.echo(t.Context(), "x")
			result <- err
		}()
		synctest.Wait()
		drained := make(chan error, 1)
		go func() { drained <- p.server.Drain(t.Context()) }()
		synctest.Wait()
		if _, err := p.echo(t.Context(), "y"); !lattice.Undelivered(err) || !errors.Is(err, lattice.ErrUnavailable) || !strings.Contains(err.Error(), "draining") {
			t.Errorf("call of a host that drains: %v", err)
		}
		select {
		case err := <-drained:
			t.Errorf("drained with a call under way: %v", err)
		default:
		}
		close(release)
		if err := errors.Join(<-result, <-drained); err != nil {
			t.Error(err)
		}
		p.client.Close()
		_ = p.server.Close()
	})
}
