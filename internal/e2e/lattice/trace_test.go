//go:build e2e && linux

package lattice_test

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice/telemetry/telemetrytest"
)

// TestTrace follows one request from the front door to a guest on another host, and
// from there to the component that it is linked to, in what the daemons send to a
// collector because the environment says so.
func TestTrace(t *testing.T) {
	n := newNetwork(t)
	c := new(telemetrytest.Collector)
	listener, err := net.Listen("tcp", gateway+":0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: c}
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Close() })
	l := startLatticeOn(t, n, 3, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+listener.Addr().String(), "OTEL_METRIC_EXPORT_INTERVAL=1000")
	a, b := l.hosts[0], l.hosts[1]
	for _, test := range []struct {
		name  string
		to    *daemon
		hosts []*daemon // of the spans, each once in a row
	}{
		{"over NATS", b, []*daemon{l.front, a, b}},
		{"in process", a, []*daemon{l.front, a}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l.link(t, a, test.to)
			l.linked(t, "/linking/before")
			trace, parent := hexOf(16), hexOf(8)
			r, err := http.NewRequestWithContext(t.Context(), "GET", l.front.url+"/linking/traced", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("traceparent", "00-"+trace+"-"+parent+"-01")
			if err := answered(http.DefaultClient, r, func(body io.Reader) error { _, err := io.Copy(io.Discard, body); return err }); err != nil {
				t.Fatal(err)
			}
			// The target is called three times: each is the end of a way of its own.
			var ways [][]telemetrytest.Span
			eventually(t, 20*time.Second, "the trace is complete", func() bool {
				ways = waysTo(c.Spans(), trace, parent, "target")
				return len(ways) >= 3
			})
			for _, way := range ways {
				var got []string
				for _, s := range way {
					t.Logf("%s %s on %s %v", s.Kind, s.Name, s.Resource["wattle.host"], s.Attributes)
					got = append(got, s.Resource["wattle.host"])
				}
				var want []string
				for _, d := range test.hosts {
					want = append(want, d.id)
				}
				if got = slices.Compact(got); !slices.Equal(got, want) {
					t.Errorf("the way goes over %v, want %v", got, want)
				}
			}
		})
	}
	for _, name := range []string{"rpc.client.call.duration", "rpc.server.call.duration", "http.server.request.duration", "wattle.heartbeat.age", "wattle.apply.duration", "wattle.nats.connected", "db.client.operation.duration"} {
		eventually(t, 20*time.Second, "there is a measurement of "+name, func() bool {
			for _, p := range c.Points() {
				if p.Name == name {
					return true
				}
			}
			return false
		})
	}
}

// hexOf returns n random bytes as text.
func hexOf(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// waysTo returns the ways from the client's span to those in which a component
// answers, by what follows what.
func waysTo(spans []telemetrytest.Span, trace, parent, component string) (ways [][]telemetrytest.Span) {
	for _, s := range spans {
		if s.Trace != trace || s.Parent != parent {
			continue
		}
		further := waysTo(spans, trace, s.ID, component)
		for _, way := range further {
			ways = append(ways, append([]telemetrytest.Span{s}, way...))
		}
		if len(further) == 0 && s.Kind == "SPAN_KIND_SERVER" && s.Attributes["wattle.component"] == component {
			ways = append(ways, []telemetrytest.Span{s})
		}
	}
	return ways
}
