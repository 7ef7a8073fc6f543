package httpserver

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceContext reads and writes W3C Trace Context headers, whether anything is
// recorded here or not: who is further down may record.
var traceContext propagation.TraceContext

// traced returns a context with the trace that a request belongs to: that of its
// own context, if there is a span, or that which its header names. The component
// is told of it in the header.
func traced(ctx context.Context, r *http.Request) context.Context {
	header := propagation.HeaderCarrier(r.Header)
	if !trace.SpanContextFromContext(ctx).IsValid() {
		ctx = traceContext.Extract(ctx, header)
	}
	traceContext.Inject(ctx, header)
	return ctx
}
