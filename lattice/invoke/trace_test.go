package invoke_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/wattle-dev/wattle/lattice"
)

func TestTraceGoesWithTheCall(t *testing.T) {
	seen := make(chan trace.SpanContext, 2)
	p := newPair(t, &handler{call: func(ctx context.Context, _ *lattice.Invocation, text string) (string, error) {
		seen <- trace.SpanContextFromContext(ctx)
		return text, nil
	}}, nil)
	sent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	if _, err := p.echo(trace.ContextWithSpanContext(t.Context(), sent), "x"); err != nil {
		t.Fatal(err)
	}
	if got := <-seen; !got.Equal(sent.WithRemote(true)) {
		t.Errorf("the handler's trace is %v, want %v", got, sent)
	}
	if _, err := p.echo(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if got := <-seen; got.IsValid() {
		t.Errorf("a call without a trace has %v", got)
	}
}
