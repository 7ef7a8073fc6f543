// Package tracecontext has a trace go with messages: in the fields traceparent and
// tracestate of W3C Trace Context, which a message of the lattice has in its header as a
// request of HTTP does.
//
// A header is what anybody may have sent. A field that is longer than the specification
// wants to be kept is as if it were not there, and of two traces none is taken.
package tracecontext

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/wattle-dev/wattle/lattice"
)

// maxField is how long a field may be: section 3.3.1.5 has implementations keep 512
// characters of tracestate.
const maxField = 512

const traceparent = "traceparent"

var codec propagation.TraceContext

// carrier has the fields of a message's header.
type carrier lattice.Header

// Get implements propagation.TextMapCarrier.
func (c carrier) Get(key string) string { return lattice.Header(c).Get(key) }

// Set implements propagation.TextMapCarrier.
func (c carrier) Set(key, value string) { c[key] = []string{value} }

// Keys implements propagation.TextMapCarrier.
func (c carrier) Keys() []string { return codec.Fields() }

// bounded hides fields that are too long.
type bounded struct{ propagation.TextMapCarrier }

// Get implements propagation.TextMapCarrier.
func (b bounded) Get(key string) string {
	if v := b.TextMapCarrier.Get(key); len(v) <= maxField {
		return v
	}
	return ""
}

// Inject returns a header with the trace of ctx. It is h itself, which may be nil, if there
// is none.
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

// Extract returns a context with the trace that a header has. It is ctx itself if there is
// none, or one that is malformed.
func Extract(ctx context.Context, h lattice.Header) context.Context {
	if len(h[traceparent]) != 1 {
		return ctx
	}
	return ExtractFrom(ctx, carrier(h))
}

// ExtractFrom is Extract for what is no message of the lattice.
func ExtractFrom(ctx context.Context, c propagation.TextMapCarrier) context.Context {
	return codec.Extract(ctx, bounded{c})
}
