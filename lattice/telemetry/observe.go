package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/wattle-dev/wattle/lattice"
)

// Apply begins the span and the measurement of a host's way to what it ought to
// run; end ends them.
func (t *Telemetry) Apply(ctx context.Context, d *lattice.Desired) (_ context.Context, end func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	begin := time.Now()
	ctx, span := t.tracer.Start(ctx, "apply", trace.WithAttributes(attrTerm.Int64(int64(d.Stamp.Term)),
		attrIndex.Int64(int64(d.Stamp.Index)), attrCount.Int(len(d.Components))))
	return ctx, func(err error) {
		var of []metric.RecordOption
		if err != nil {
			failed := semconv.ErrorTypeKey.String(code(err))
			of = append(of, metric.WithAttributes(failed))
			span.SetAttributes(failed)
			span.SetStatus(codes.Error, code(err))
		}
		t.do.apply.Record(ctx, since(begin), of...)
		span.End()
	}
}

// connection is what knows of itself how well it is connected.
type connection interface {
	Connected() bool
	// Reconnects is how often the connection was lost and made again.
	Reconnects() uint64
	// Pending is how many bytes wait to be sent.
	Pending() int
}

// observe has a connection be measured when measurements are sent.
func (t *Telemetry) observe(c connection) {
	do := &t.do
	_, _ = t.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		up := int64(0)
		if c.Connected() {
			up = 1
		}
		o.ObserveInt64(do.connected, up)
		o.ObserveInt64(do.reconnects, int64(c.Reconnects()))
		o.ObserveInt64(do.pending, int64(c.Pending()))
		return nil
	}, do.connected, do.reconnects, do.pending) // it fails for instruments of another provider only
}

// ObserveHeartbeat has the age of the last heartbeat that was stored be measured
// when measurements are sent.
func (t *Telemetry) ObserveHeartbeat(age func() time.Duration) error {
	if t == nil {
		return nil
	}
	_, err := t.meter.Float64ObservableGauge("wattle.heartbeat.age", metric.WithUnit("s"),
		metric.WithDescription("How long ago the last heartbeat was stored."),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			o.Observe(age().Seconds())
			return nil
		}))
	return err
}

// ObserveLimits has the limits that components exceeded be counted when measurements are
// sent. each calls its argument with the counts since the start, of each component and
// limit once.
func (t *Telemetry) ObserveLimits(each func(func(component lattice.ComponentID, limit string, n int64))) error {
	if t == nil {
		return nil
	}
	_, err := t.meter.Int64ObservableCounter("wattle.limit.exceeded", metric.WithUnit("{time}"),
		metric.WithDescription("How often components exceeded their limits."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			each(func(component lattice.ComponentID, limit string, n int64) {
				o.Observe(n, metric.WithAttributes(attrComponent.String(string(component)), attrLimit.String(limit)))
			})
			return nil
		}))
	return err
}
