package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// scope names who made spans and measurements.
const scope = "github.com/wattle-dev/wattle"

// Bounds of what waits and what is kept.
const (
	maxQueue    = 2048
	maxBatch    = 512
	maxAttrSets = 2000
	maxAttr     = 1024 // bytes of an attribute's value
	retryFor    = 10 * time.Second
	shutdownFor = 5 * time.Second
)

// Telemetry makes spans and measures. Nil is telemetry that is off.
type Telemetry struct {
	traces   trace.TracerProvider
	metrics  metric.MeterProvider
	tracer   trace.Tracer
	meter    metric.Meter
	do       instruments
	shutdown []func(context.Context) error
}

// New returns telemetry as the environment asks for it: nil if it does not. It
// dials nothing; exporters that cannot be reached are reported to the logger.
func New(ctx context.Context, o Options) (*Telemetry, error) {
	if o.Getenv == nil || strings.EqualFold(o.get("OTEL_SDK_DISABLED"), "true") {
		return nil, nil // nil is telemetry that is off
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	forTraces, err := o.exporter(traces)
	if err != nil {
		return nil, err
	}
	forMetrics, err := o.exporter(metrics)
	if err != nil {
		return nil, err
	}
	if forTraces.endpoint == "" && forMetrics.endpoint == "" {
		return nil, nil // nil is telemetry that is off
	}
	res, err := o.resource()
	if err != nil {
		return nil, err
	}
	t := &Telemetry{traces: tracenoop.NewTracerProvider(), metrics: metricnoop.NewMeterProvider()}
	if forTraces.endpoint != "" {
		err = t.exportTraces(ctx, &o, forTraces, res)
	}
	if err == nil && forMetrics.endpoint != "" {
		err = t.exportMetrics(ctx, &o, forMetrics, res)
	}
	if err == nil {
		t.tracer = t.traces.Tracer(scope, trace.WithInstrumentationVersion(o.Version))
		t.meter = t.metrics.Meter(scope, metric.WithInstrumentationVersion(o.Version))
		t.do, err = newInstruments(t.meter)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("telemetry: %w", err), t.Shutdown(ctx))
	}
	return t, nil
}

// exportTraces has finished spans be sent.
func (t *Telemetry) exportTraces(ctx context.Context, o *Options, e exporter, res *resource.Resource) error {
	sampler, err := o.sampler()
	if err != nil {
		return err
	}
	compression := otlptracehttp.NoCompression
	if e.gzip {
		compression = otlptracehttp.GzipCompression
	}
	to, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(e.endpoint), otlptracehttp.WithHeaders(e.headers),
		otlptracehttp.WithTimeout(e.timeout), otlptracehttp.WithCompression(compression),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: true, InitialInterval: time.Second, MaxInterval: 5 * time.Second, MaxElapsedTime: retryFor}))
	if err != nil {
		return err
	}
	limits := sdktrace.NewSpanLimits()
	limits.AttributeValueLengthLimit = maxAttr
	p := sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithSampler(sampler), sdktrace.WithRawSpanLimits(limits),
		sdktrace.WithBatcher(&spans{SpanExporter: to, report: report{log: o.Logger, signal: traces}},
			sdktrace.WithMaxQueueSize(maxQueue), sdktrace.WithMaxExportBatchSize(maxBatch),
			sdktrace.WithBatchTimeout(2*time.Second), sdktrace.WithExportTimeout(e.timeout+retryFor)))
	t.traces = p
	t.shutdown = append(t.shutdown, p.Shutdown)
	return nil
}

// exportMetrics has measurements be sent at intervals.
func (t *Telemetry) exportMetrics(ctx context.Context, o *Options, e exporter, res *resource.Resource) error {
	const name = "OTEL_METRIC_EXPORT_INTERVAL"
	interval, err := milliseconds(name, o.get(name), time.Minute)
	if err != nil {
		return err
	}
	compression := otlpmetrichttp.NoCompression
	if e.gzip {
		compression = otlpmetrichttp.GzipCompression
	}
	to, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(e.endpoint), otlpmetrichttp.WithHeaders(e.headers),
		otlpmetrichttp.WithTimeout(e.timeout), otlpmetrichttp.WithCompression(compression),
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{Enabled: true, InitialInterval: time.Second, MaxInterval: 5 * time.Second, MaxElapsedTime: retryFor}))
	if err != nil {
		return err
	}
	p := sdkmetric.NewMeterProvider(sdkmetric.WithResource(res), sdkmetric.WithCardinalityLimit(maxAttrSets),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(&points{Exporter: to, report: report{log: o.Logger, signal: metrics}},
			sdkmetric.WithInterval(interval), sdkmetric.WithTimeout(e.timeout+retryFor))))
	t.metrics = p
	t.shutdown = append(t.shutdown, p.Shutdown)
	return nil
}

// resource says what reports.
func (o *Options) resource() (*resource.Resource, error) {
	const name = "OTEL_RESOURCE_ATTRIBUTES"
	of, err := pairs(o.get(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	all := map[string]string{string(semconv.ServiceNameKey): "wattle"}
	if o.Service != "" {
		all[string(semconv.ServiceNameKey)] = o.Service
	}
	if o.Version != "" {
		all[string(semconv.ServiceVersionKey)] = o.Version
	}
	maps.Copy(all, o.Attributes)
	maps.Copy(all, of)
	if v := o.get("OTEL_SERVICE_NAME"); v != "" {
		all[string(semconv.ServiceNameKey)] = v
	}
	kvs := []attribute.KeyValue{semconv.TelemetrySDKName("opentelemetry"), semconv.TelemetrySDKLanguageGo}
	for _, k := range slices.Sorted(maps.Keys(all)) {
		kvs = append(kvs, attribute.String(k, all[k]))
	}
	return resource.NewWithAttributes(semconv.SchemaURL, kvs...), nil
}

// Enabled reports whether telemetry is on.
func (t *Telemetry) Enabled() bool { return t != nil }

// TracerProvider returns what makes tracers, for what has no wrapper here.
func (t *Telemetry) TracerProvider() trace.TracerProvider {
	if t == nil {
		return tracenoop.NewTracerProvider()
	}
	return t.traces
}

// MeterProvider returns what makes instruments, for what has no method here.
func (t *Telemetry) MeterProvider() metric.MeterProvider {
	if t == nil {
		return metricnoop.NewMeterProvider()
	}
	return t.metrics
}

// Shutdown sends what waits, as far as there is time, and ends. It takes five
// seconds at most.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shutdownFor)
	defer cancel()
	var errs []error
	for _, f := range t.shutdown {
		errs = append(errs, f(ctx))
	}
	return errors.Join(errs...)
}
