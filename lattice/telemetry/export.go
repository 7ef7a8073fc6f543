package telemetry

import (
	"context"
	"log/slog"
	"sync/atomic"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// report tells a logger when an exporter begins to fail and when it works again.
// The SDK would tell a handler that is global to the process of each failure.
type report struct {
	log     *slog.Logger
	signal  signal
	failing atomic.Bool
}

func (r *report) result(ctx context.Context, err error) {
	switch {
	case err != nil && !r.failing.Swap(true):
		r.log.WarnContext(ctx, "telemetry cannot be sent: it is dropped until the collector is there", "signal", string(r.signal), "error", err)
	case err == nil && r.failing.Swap(false):
		r.log.InfoContext(ctx, "telemetry is sent again", "signal", string(r.signal))
	}
}

// spans is an exporter whose failures are reported.
type spans struct {
	sdktrace.SpanExporter
	report
}

// ExportSpans implements sdktrace.SpanExporter.
func (s *spans) ExportSpans(ctx context.Context, all []sdktrace.ReadOnlySpan) error {
	s.result(ctx, s.SpanExporter.ExportSpans(ctx, all))
	return nil
}

// points is an exporter whose failures are reported.
type points struct {
	sdkmetric.Exporter
	report
}

// Export implements sdkmetric.Exporter.
func (p *points) Export(ctx context.Context, all *metricdata.ResourceMetrics) error {
	p.result(ctx, p.Exporter.Export(ctx, all))
	return nil
}
