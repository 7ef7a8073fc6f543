// Package telemetrytest has a collector for tests: it takes what programs send by
// OTLP over HTTP and lets a test look at it.
package telemetrytest

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"sync"

	collectmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collecttrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// maxBody bounds a request.
const maxBody = 16 << 20

// Collector is an http.Handler that collects. The zero value is ready.
type Collector struct {
	mu       sync.Mutex
	spans    []Span
	points   []Point
	requests []*http.Request
	changed  chan struct{}
}

// Span is a span.
type Span struct {
	Trace, ID, Parent string // Parent is empty if it is the first of the trace
	Name, Kind        string
	Resource          map[string]string
	Attributes        map[string]string
	Error             string // the message of a status that is an error
}

// Point is a measurement.
type Point struct {
	Name, Unit string
	Resource   map[string]string
	Attributes map[string]string
	// Value is the value of a gauge or a sum, the count of a histogram.
	Value float64
	// Sum is that of a histogram.
	Sum float64
}

// ServeHTTP implements http.Handler.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in io.Reader = http.MaxBytesReader(w, r.Body, maxBody)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(in)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		in = io.LimitReader(z, maxBody)
	}
	raw, err := io.ReadAll(in)
	if err == nil {
		err = c.take(r, raw)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// An empty message is the answer that all was taken.
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// take keeps what a request has.
func (c *Collector) take(r *http.Request, raw []byte) error {
	var spans []Span
	var points []Point
	switch r.URL.Path {
	case "/v1/traces":
		var m collecttrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(raw, &m); err != nil {
			return err
		}
		for _, of := range m.GetResourceSpans() {
			for _, in := range of.GetScopeSpans() {
				for _, s := range in.GetSpans() {
					spans = append(spans, Span{
						Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
						Name: s.GetName(), Kind: s.GetKind().String(), Error: s.GetStatus().GetMessage(),
						Resource: attributes(of.GetResource().GetAttributes()), Attributes: attributes(s.GetAttributes()),
					})
				}
			}
		}
	case "/v1/metrics":
		var m collectmetrics.ExportMetricsServiceRequest
		if err := proto.Unmarshal(raw, &m); err != nil {
			return err
		}
		for _, of := range m.GetResourceMetrics() {
			for _, in := range of.GetScopeMetrics() {
				for _, p := range in.GetMetrics() {
					points = append(points, measurements(p, attributes(of.GetResource().GetAttributes()))...)
				}
			}
		}
	default:
		return fmt.Errorf("no such signal: %q", r.URL.Path)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans = append(c.spans, spans...)
	c.points = append(c.points, points...)
	c.requests = append(c.requests, r)
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
	return nil
}

// measurements returns the points of a metric.
func measurements(m *metrics.Metric, of map[string]string) []Point {
	var all []Point
	add := func(attrs []*common.KeyValue, value, sum float64) {
		all = append(all, Point{Name: m.GetName(), Unit: m.GetUnit(), Resource: of, Attributes: attributes(attrs), Value: value, Sum: sum})
	}
	for _, p := range append(m.GetGauge().GetDataPoints(), m.GetSum().GetDataPoints()...) {
		add(p.GetAttributes(), p.GetAsDouble()+float64(p.GetAsInt()), 0) // one of them is zero
	}
	for _, p := range m.GetHistogram().GetDataPoints() {
		add(p.GetAttributes(), float64(p.GetCount()), p.GetSum())
	}
	return all
}

func attributes(kvs []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, kv := range kvs {
		switch v := kv.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			all[kv.GetKey()] = v.StringValue
		default:
			all[kv.GetKey()] = kv.GetValue().String()
		}
	}
	return all
}

// Spans returns what has been collected.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Span(nil), c.spans...)
}

// Points returns what has been collected.
func (c *Collector) Points() []Point {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Point(nil), c.points...)
}

// Requests returns the requests that were taken; their bodies have been read.
func (c *Collector) Requests() []*http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*http.Request(nil), c.requests...)
}

// Wait waits until done returns true of what has been collected, and returns
// whether it did before ctx ended.
func (c *Collector) Wait(ctx context.Context, done func() bool) bool {
	for {
		c.mu.Lock()
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		changed := c.changed
		c.mu.Unlock()
		if done() {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return done()
		}
	}
}
