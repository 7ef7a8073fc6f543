package invoke

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/wattle-dev/wattle/lattice"
)

// maxTrace is how long a field of a trace context may be (W3C Trace Context,
// section 3.3.1.5).
const maxTrace = 512

var traces propagation.TraceContext

// carrier has the trace context in the header of a message.
type carrier lattice.Header

func (c carrier) Get(key string) string {
	if v := lattice.Header(c).Get(key); len(v) <= maxTrace {
		return v
	}
	return ""
}

func (c carrier) Set(key, value string) { c[key] = []string{value} }

func (c carrier) Keys() []string { return []string{"traceparent", "tracestate"} }

// inject returns a header with the trace of ctx, nil if it has none.
func inject(ctx context.Context) lattice.Header {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return nil
	}
	h := lattice.Header{}
	traces.Inject(ctx, carrier(h))
	return h
}

// extract returns a context with the trace that a header has.
func extract(ctx context.Context, h lattice.Header) context.Context {
	if len(h) == 0 {
		return ctx
	}
	return traces.Extract(ctx, carrier(h))
}
