package telemetry

import (
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/wattle-dev/wattle/lattice"
)

// Attributes that no convention has.
const (
	attrComponent = attribute.Key("wattle.component")
	attrCaller    = attribute.Key("wattle.caller")
	attrDepth     = attribute.Key("wattle.depth")
	attrTerm      = attribute.Key("wattle.stamp.term")
	attrIndex     = attribute.Key("wattle.stamp.index")
	attrCount     = attribute.Key("wattle.components")
	attrLimit     = attribute.Key("wattle.limit")
)

// instruments are what is measured. Durations are in seconds; how many failed is
// the count of those with the attribute error.type.
type instruments struct {
	clientCall, serverCall   metric.Float64Histogram // rpc.{client,server}.call.duration
	calls                    metric.Int64UpDownCounter
	httpRequest              metric.Float64Histogram // http.server.request.duration
	httpActive               metric.Int64UpDownCounter
	streamed                 metric.Int64Counter
	apply, operation, bucket metric.Float64Histogram
	sent                     metric.Int64Counter
	connected, pending       metric.Int64ObservableGauge
	reconnects               metric.Int64ObservableCounter
}

// seconds are the bounds of histograms: those that the conventions recommend, and
// finer ones below, since a call in process takes microseconds.
var seconds = []float64{0.00001, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60}

func newInstruments(m metric.Meter) (instruments, error) {
	var errs []error
	histogram := func(name, what string) metric.Float64Histogram {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(what), metric.WithExplicitBucketBoundaries(seconds...))
		errs = append(errs, err)
		return h
	}
	gauge := func(name, unit, what string) metric.Int64UpDownCounter {
		c, err := m.Int64UpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(what))
		errs = append(errs, err)
		return c
	}
	counter := func(name, unit, what string) metric.Int64Counter {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(what))
		errs = append(errs, err)
		return c
	}
	do := instruments{
		clientCall:  histogram("rpc.client.call.duration", "How long invocations took, as the caller sees it."),
		serverCall:  histogram("rpc.server.call.duration", "How long invocations took on the host that carried them out."),
		calls:       gauge("wattle.invocation.active", "{invocation}", "Invocations under way."),
		httpRequest: histogram("http.server.request.duration", "How long requests to the front door took."),
		httpActive:  gauge("http.server.active_requests", "{request}", "Requests to the front door under way."),
		streamed:    counter("wattle.stream.io", "By", "Bytes of bodies that went through invocations."),
		apply:       histogram("wattle.apply.duration", "How long it took until a host ran what it ought to run."),
		operation:   histogram("messaging.client.operation.duration", "How long requests on subjects took."),
		bucket:      histogram("db.client.operation.duration", "How long operations on key-value buckets took."),
		sent:        counter("messaging.client.sent.messages", "{message}", "Messages published."),
	}
	var err error
	do.connected, err = m.Int64ObservableGauge("wattle.nats.connected", metric.WithUnit("1"), metric.WithDescription("1 while NATS can be reached."))
	errs = append(errs, err)
	do.reconnects, err = m.Int64ObservableCounter("wattle.nats.reconnects", metric.WithUnit("{reconnect}"), metric.WithDescription("How often the connection to NATS was lost and made again."))
	errs = append(errs, err)
	do.pending, err = m.Int64ObservableGauge("wattle.nats.pending", metric.WithUnit("By"), metric.WithDescription("Bytes that wait to be sent to NATS."))
	return do, errors.Join(append(errs, err)...)
}

// since is the time from begin in seconds.
func since(begin time.Time) float64 { return time.Since(begin).Seconds() }

// code is the value of error.type for an error.
func code(err error) string { return string(lattice.CodeOf(err)) }
