package mcp

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// traceContext reads and writes W3C Trace Context, whether anything is recorded here or
// not: who is further down may record.
var traceContext propagation.TraceContext

// Fields of W3C Trace Context.
const (
	traceParent = "traceparent"
	traceState  = "tracestate"
)

// traced returns a context with the trace that the request belongs to: that of its own
// context, if there is a span, or that which its header names, or its _meta (2026-07-28,
// Overview, "OpenTelemetry trace context").
func (x *exchange) traced(ctx context.Context) context.Context {
	if trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	if x.r.Header["Traceparent"] != nil {
		return traceContext.Extract(ctx, propagation.HeaderCarrier(x.r.Header))
	}
	if parent := x.spans[mParent].Of(x.body); parent != nil {
		return traceContext.Extract(ctx, propagation.MapCarrier{
			traceParent: jsonrpc.Unquote(parent), traceState: jsonrpc.Unquote(x.spans[mState].Of(x.body)),
		})
	}
	return ctx
}

// inject has the header of a request to a component name the trace of its context.
func inject(ctx context.Context, h http.Header) {
	if trace.SpanContextFromContext(ctx).IsValid() {
		traceContext.Inject(ctx, propagation.HeaderCarrier(h))
	}
}
