package invoke_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// TestHostIgnoresJetStream has JetStream deliver frames to a host.
func TestHostIgnoresJetStream(t *testing.T) {
	h := &handler{}
	hosted(t, h, nil, func(p *peer, _ *memlattice.Network) {
		id := wire.ExchangeID{1}
		kept := lattice.Header{"Nats-Stream": {"KV_x"}}
		for _, m := range []*lattice.Message{
			{Reply: p.token(id), Header: kept, Data: openFrame(t, id, true)},
			{Reply: "$JS.ACK.KV_x.c.1.1.1.1.0", Data: openFrame(t, id, true)},
			{Reply: p.replyTo, Header: kept, Data: probe(id, 0)},
			// If it counted, the call could not begin any more.
			{Reply: "$JS.ACK.KV_x.c.1.2.2.2.0", Data: wire.AppendCancel(nil, id, lattice.CodeCanceled)},
		} {
			m.Subject = p.to
			if err := p.l.Publish(m); err != nil {
				t.Fatal(err)
			}
		}
		p.want("")
		if n := h.calls.Load(); n != 0 {
			t.Errorf("the handler was called %d times, by nobody", n)
		}
		p.send(p.token(id), openFrame(t, id, true))
		p.want("data")
	})
}

// TestCallerIgnoresJetStream has JetStream deliver the word that a call was not
// delivered, which would have it be made again, and a result.
func TestCallerIgnoresJetStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		h := &handler{call: func(context.Context, *lattice.Invocation, string) (string, error) {
			<-let
			return "true", nil
		}}
		p := newPair(t, h, nil)
		tap := join(t, p.network, "tap")
		var reply string
		if _, err := tap.Subscribe(wire.Subjects{Lattice: name}.Invoke(hostID(0)), "", func(m *lattice.Message) {
			if reply == "" {
				reply = m.Reply
			}
		}); err != nil {
			t.Fatal(err)
		}
		type outcome struct {
			text string
			err  error
		}
		done := make(chan outcome, 1)
		go func() {
			text, err := p.echo(t.Context(), "x")
			done <- outcome{text, err}
		}()
		synctest.Wait()
		subjects := wire.Subjects{Lattice: name}
		caller, id, ok := subjects.ReplyToken(reply)
		if !ok {
			t.Fatalf("reply subject %q", reply)
		}
		for _, m := range []*lattice.Message{
			{Subject: reply, Header: lattice.Header{"Status": {"503"}, "Nats-Stream": {"KV_x"}}},
			{Subject: caller, Header: lattice.Header{"Nats-Stream": {"KV_x"}}, Data: wire.AppendData(nil, id, &wire.Data{
				Flags: wire.FlagEnd | wire.FlagFault, Section: wire.AppendFault(nil, &wire.Fault{Code: lattice.CodeInternal, Message: "false"}),
			})},
		} {
			if err := tap.Publish(m); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		close(let)
		if o := <-done; o.err != nil || o.text != "true" {
			t.Errorf("the call returns %q, %v", o.text, o.err)
		}
		p.client.Close()
		_ = p.server.Close()
	})
}
