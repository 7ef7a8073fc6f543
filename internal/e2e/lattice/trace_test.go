//go:build e2e && linux

package lattice_test

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice/telemetry/telemetrytest"
)

// TestTrace follows one request from the front door to a guest on another host,
// in what the daemons send to a collector because the environment says so.
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
	l := startLatticeOn(t, n, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+listener.Addr().String(), "OTEL_METRIC_EXPORT_INTERVAL=1000")
	l.on(t, l.hosts[0])

	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	r, err := http.NewRequestWithContext(t.Context(), "GET", l.front.url+"/hello", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("traceparent", "00-"+trace+"-"+parent+"-01")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()

	// way returns the spans from the client's to the last, by what follows what.
	way := func() []telemetrytest.Span {
		var way []telemetrytest.Span
		for next := parent; ; next = way[len(way)-1].ID {
			found := false
			for _, s := range c.Spans() {
				if s.Trace == trace && s.Parent == next {
					way, found = append(way, s), true
					break
				}
			}
			if !found {
				return way
			}
		}
	}
	eventually(t, 20*time.Second, "the trace is complete", func() bool { return len(way()) >= 3 })
	hosts := map[string]bool{}
	for _, s := range way() {
		t.Logf("%s %s on %s %v", s.Kind, s.Name, s.Resource["wattle.host"], s.Attributes)
		hosts[s.Resource["wattle.host"]] = true
	}
	if len(hosts) != 2 {
		t.Errorf("the trace has spans of %v, want those of two hosts", hosts)
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
