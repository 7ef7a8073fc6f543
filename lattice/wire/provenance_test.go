package wire_test

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

func TestFromJetStream(t *testing.T) {
	for _, test := range []struct {
		m    lattice.Message
		want bool
	}{
		{lattice.Message{}, false},
		{lattice.Message{Reply: "_INBOX.U.x"}, false},
		{lattice.Message{Header: lattice.Header{"traceparent": {"00-"}}}, false},
		{lattice.Message{Header: lattice.Header{"Nats-Stream": {"KV_x"}}}, true},
		{lattice.Message{Header: lattice.Header{"Nats-Subject": nil}}, true},
		{lattice.Message{Header: lattice.Header{"Nats-Request-Info": {"{}"}}, Reply: "_R_.x.y"}, false},
		{lattice.Message{Header: lattice.Header{"Nats-Request-Info": {"{}"}, "Nats-Stream": {"KV_x"}}}, true},
		{lattice.Message{Header: lattice.Header{"Nats-Request-Info": {"{}"}}, Reply: "$JS.ACK.KV_x.c.1.1.1.1.0"}, true},
		{lattice.Message{Reply: "$JS.ACK.KV_x.c.1.1.1.1.0"}, true},
	} {
		if got := wire.FromJetStream(&test.m); got != test.want {
			t.Errorf("FromJetStream(%+v) = %v, want %v", test.m, got, test.want)
		}
	}
}
