package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/wattle-dev/wattle/lattice"
)

// The fields of W3C Trace Context, and how long a value may be that is looked at:
// section 3.3.1.5 has implementations keep 512 characters of tracestate.
const (
	traceparent = "traceparent"
	tracestate  = "tracestate"
	maxField    = 512
)

var codec propagation.TraceContext

// carrier has the fields of a header, and hides any that is too long.
type carrier lattice.Header

func (c carrier) Get(key string) string {
	if v := lattice.Header(c).Get(key); len(v) <= maxField {
		return v
	}
	return ""
}

func (c carrier) Set(key, value string) { c[key] = []string{value} }

func (c carrier) Keys() []string { return []string{traceparent, tracestate} }

// Inject returns a header with the trace of ctx. It is h itself, which may be nil,
// if there is none.
func Inject(ctx context.Context, h lattice.Header) lattice.Header {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return h
	}
	if h == nil {
		h = lattice.Header{}
	}
	codec.Inject(ctx, carrier(h))
	return h
}

// Extract returns a context with the trace that a header has. It is ctx itself if
// there is none, or one that is malformed.
func Extract(ctx context.Context, h lattice.Header) context.Context {
	if len(h[traceparent]) != 1 {
		return ctx
	}
	return codec.Extract(ctx, carrier(h))
}
