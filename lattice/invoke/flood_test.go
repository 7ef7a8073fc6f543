package invoke_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
)

// numbered is an exchange of an attacker's.
func numbered(n int) (id wire.ExchangeID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	id[0] = byte(n) // all shards
	return id
}

// TestFlood has a host be sent garbage, and frames of calls that are not there, as
// fast as another can: calls are served meanwhile, and neither goroutines nor memory
// grow with what was sent.
func TestFlood(t *testing.T) {
	url := startNATS(t)
	p := natsPair(t, url, &handler{})
	evil := connect(t, url)
	subjects := wire.Subjects{Lattice: name}
	to, listens := subjects.Invoke(p.host), subjects.Caller(evil.User())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := p.echo(ctx, "before"); err != nil {
		t.Fatal(err)
	}
	before := heap()
	goroutines := runtime.NumGoroutine()
	const frames = 50_000
	flooded := make(chan error, 1)
	go func() {
		rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // garbage
		var err error
		for n := 0; n < frames && err == nil; n++ {
			id := numbered(n)
			st := wire.State{Age: uint64(n), Received: 1 << 40, Limit: 1 << 60, Sent: 1 << 50, Flags: wire.FlagSilent}
			frame := [][]byte{
				garbage(rng, 200), garbage(rng, 20_000), nil,
				wire.AppendData(nil, id, &wire.Data{Sequence: 7, Body: make([]byte, 1000)}),
				wire.AppendState(nil, wire.KindProbe, id, st),
				wire.AppendState(nil, wire.KindCredit, id, st),
				wire.AppendResend(nil, id, 1<<62),
				wire.AppendCancel(nil, id, lattice.CodeInternal),
			}[n%8]
			err = evil.Publish(&lattice.Message{Subject: to, Reply: []string{listens, to, "", subjects.Caller("nobody")}[n/8%4], Data: frame})
			if n%1000 == 0 && err == nil {
				err = evil.Flush(ctx)
			}
		}
		flooded <- err
	}()
	calls := 0
	for done := false; !done; calls++ {
		if _, err := p.echo(ctx, "during"); err != nil {
			t.Fatalf("call %d during the flood: %v", calls, err)
		}
		select {
		case err := <-flooded:
			if done = true; err != nil {
				t.Fatal(err)
			}
		default:
		}
	}
	if _, err := p.echo(ctx, "after"); err != nil {
		t.Fatal(err)
	}
	grown := heap() - before
	t.Logf("%d calls during %d frames; memory grew by %d KiB", calls, frames, grown>>10)
	if now := runtime.NumGoroutine(); now > goroutines+70 {
		t.Errorf("%d goroutines, there were %d", now, goroutines)
	}
	if grown > 40<<20 {
		t.Errorf("memory grew by %d bytes", grown)
	}
}

func garbage(rng *rand.Rand, n int) []byte {
	b := make([]byte, rng.IntN(n)+1)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	b[0] = wire.FrameVersion
	return b
}

// TestOpenFlood has a host be asked to carry out calls without end that never send
// the rest of what they begin with. It carries out as many as it may; the others are
// refused, for certain not begun, so that their callers go elsewhere; and when the
// attacker has been silent for some seconds all are served.
func TestOpenFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 64
		n := memlattice.New(memlattice.Options{})
		server := serve(t, join(t, n, "host"), hostID(0), &handler{}, &invoke.Options{MaxCalls: limit})
		client := dial(t, join(t, n, "caller"), nil)
		evil := newPeer(t, n, hostID(0))
		goroutines := runtime.NumGoroutine()
		for i := range 5000 {
			id := numbered(i)
			evil.send(evil.token(id), openFrame(t, id, false))
		}
		if got := server.Active(); got != limit {
			t.Errorf("%d calls are under way, want %d", got, limit)
		}
		if now := runtime.NumGoroutine(); now > goroutines+3*limit {
			t.Errorf("%d goroutines, there were %d", now, goroutines)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		_, err := client.Call(ctx, hostID(0), call("c"), echo, []wit.Value{"x"})
		if !lattice.Undelivered(err) || time.Since(begun) > time.Second {
			t.Errorf("a call of somebody else: %v after %v, want that it was not begun", err, time.Since(begun))
		}
		<-time.After(6 * time.Second)
		if got := server.Active(); got != 0 {
			t.Errorf("%d calls are under way after the caller has been silent for 6 s", got)
		}
		if _, err := client.Call(ctx, hostID(0), call("c"), echo, []wit.Value{"x"}); err != nil {
			t.Errorf("a call afterwards: %v", err)
		}
	})
}

// TestForged has one that was called itself, and so knows the name of one exchange,
// send answers to the caller: for that exchange when it is over, and for others, whose
// names it guesses. None of them has any effect on the call of somebody else.
func TestForged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		release := make(chan struct{})
		serve(t, join(t, n, "host"), hostID(0), &handler{call: func(_ context.Context, _ *lattice.Invocation, text string) (string, error) {
			<-release
			return "true " + text, nil
		}}, nil)
		client := dial(t, join(t, n, "caller"), nil)
		evil := join(t, n, "evil")
		var known wire.ExchangeID
		var victim string
		subjects := wire.Subjects{Lattice: name}
		forge := func(id wire.ExchangeID) {
			fault := wire.Fault{Code: lattice.CodeInternal, Message: "forged", Undelivered: true}
			for _, frame := range [][]byte{
				wire.AppendData(nil, id, &wire.Data{Flags: wire.FlagEnd, Body: []byte("forged")}),
				wire.AppendData(nil, id, &wire.Data{Flags: wire.FlagEnd | wire.FlagFault, Section: wire.AppendFault(nil, &fault)}),
				wire.AppendUnknown(nil, id, wire.FlagCertain, 0),
				wire.AppendState(nil, wire.KindAlive, id, wire.State{Received: 1 << 40, Sent: 1 << 40, Limit: 1 << 40}),
				wire.AppendCancel(nil, id, lattice.CodeInternal),
				wire.AppendResend(nil, id, 0),
				{},
				{wire.FrameVersion},
				id[:],
			} {
				if err := evil.Publish(&lattice.Message{Subject: victim, Data: frame}); err != nil {
					t.Error(err)
				}
			}
		}
		if _, err := evil.Subscribe(subjects.Invoke(hostID(1)), "", func(m *lattice.Message) {
			if caller, id, ok := subjects.ReplyToken(m.Reply); ok && victim == "" {
				known, victim = id, caller
				fault := wire.Fault{Code: lattice.CodeUnavailable, Message: "not me", Undelivered: true}
				_ = evil.Publish(&lattice.Message{Subject: caller, Data: wire.AppendData(nil, id, &wire.Data{
					Flags: wire.FlagEnd | wire.FlagFault, Section: wire.AppendFault(nil, &fault),
				})})
			}
		}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := client.Call(ctx, hostID(1), call("c"), echo, []wit.Value{"x"}); !lattice.Undelivered(err) || victim == "" {
			t.Fatalf("the call of the attacker: %v, it knows %q", err, victim)
		}
		type result struct {
			values []wit.Value
			err    error
		}
		done := make(chan result, 1)
		go func() {
			values, err := client.Call(ctx, hostID(0), call("c"), echo, []wit.Value{"x"})
			done <- result{values, err}
		}()
		synctest.Wait()
		for i := range 256 {
			id := known
			id[15] ^= byte(i) // its own, and those beside it
			forge(id)
		}
		forge(wire.ExchangeID{})
		// To the host, it speaks of the exchange that it knows in the victim's name.
		for _, frame := range [][]byte{wire.AppendCancel(nil, known, lattice.CodeCanceled), wire.AppendCancel(nil, wire.ExchangeID{}, lattice.CodeCanceled)} {
			if err := evil.Publish(&lattice.Message{Subject: subjects.Invoke(hostID(0)), Reply: victim, Data: frame}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		select {
		case r := <-done:
			t.Fatalf("the call ended before its host has answered: %v, %v", r.values, r.err)
		default:
		}
		close(release)
		if r := <-done; r.err != nil || r.values[0] != "true x" {
			t.Errorf("the call: %v, %v", r.values, r.err)
		}
	})
}
