package tracecontext_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/tracecontext"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// traced returns a context with a trace.
func traced(t *testing.T, state string) context.Context {
	t.Helper()
	ctx := tracecontext.Extract(t.Context(), lattice.Header{"traceparent": {parent}, "tracestate": {state}})
	if !trace.SpanContextFromContext(ctx).IsValid() {
		t.Fatalf("traceparent %s is none", parent)
	}
	return ctx
}

func TestInject(t *testing.T) {
	if h := tracecontext.Inject(t.Context(), nil); h != nil {
		t.Errorf("Inject without a trace = %v, want nil", h)
	}
	got := tracecontext.Inject(traced(t, "a=1"), lattice.Header{"other": {"x"}})
	want := lattice.Header{"other": {"x"}, "traceparent": {parent}, "tracestate": {"a=1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if got := tracecontext.Inject(traced(t, ""), nil); got.Get("traceparent") != parent {
		t.Errorf("header %v, want traceparent %s", got, parent)
	}
}

func TestExtractRefuses(t *testing.T) {
	for _, values := range [][]string{
		nil,
		{""},
		{strings.TrimSuffix(parent, "-01")},
		{"00-" + strings.Repeat("0", 32) + parent[35:]},
		{strings.Repeat("0", 1<<20)},
		{parent + strings.Repeat("0", 512)},
		{parent, parent},
	} {
		ctx := tracecontext.Extract(t.Context(), lattice.Header{"traceparent": values})
		if trace.SpanContextFromContext(ctx).IsValid() {
			t.Errorf("Extract of %.60q has a trace", values)
		}
	}
	ctx := traced(t, "a="+strings.Repeat("1", 512))
	if s := trace.SpanContextFromContext(ctx).TraceState().String(); s != "" {
		t.Errorf("tracestate %.60s is kept", s)
	}
}

func TestExtractFrom(t *testing.T) {
	h := http.Header{}
	h.Set("Traceparent", parent)
	ctx := tracecontext.ExtractFrom(t.Context(), propagation.HeaderCarrier(h))
	if got := trace.SpanContextFromContext(ctx).SpanID().String(); got != "b7ad6b7169203331" {
		t.Errorf("span %s", got)
	}
}
