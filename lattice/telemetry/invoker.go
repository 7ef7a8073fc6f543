package telemetry

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// system is the value of rpc.system.name.
const system = "wattle"

// otherMethod is the name in measurements of what the target does not have: such
// names are the callers' to choose, without end.
const otherMethod = "_OTHER"

// Invoker returns inv with spans and measurements of what a caller sees. It
// returns inv itself if telemetry is off.
func (t *Telemetry) Invoker(inv lattice.Invoker) lattice.Invoker {
	if t == nil {
		return inv
	}
	return &invoker{t: t, to: inv, kind: trace.SpanKindClient, duration: t.do.clientCall}
}

// Handler returns h with spans and measurements of what it carries out. It
// returns h itself if telemetry is off.
func (t *Telemetry) Handler(h lattice.Handler) lattice.Handler {
	if t == nil {
		return h
	}
	return &handler{invoker{t: t, to: h, kind: trace.SpanKindServer, duration: t.do.serverCall}, h}
}

// invoker is one side of invocations.
type invoker struct {
	t        *Telemetry
	to       lattice.Invoker
	kind     trace.SpanKind
	duration metric.Float64Histogram
}

// handler is an invoker that is the target.
type handler struct {
	invoker
	h lattice.Handler
}

// Func implements lattice.Handler.
func (h *handler) Func(inv *lattice.Invocation) (*wit.Func, error) { return h.h.Func(inv) }

// Call implements lattice.Invoker.
func (i *invoker) Call(ctx context.Context, inv *lattice.Invocation, fn *wit.Func, args []wit.Value) (results []wit.Value, err error) {
	ctx, end := i.begin(ctx, inv)
	failed := errAborted // unless it returns
	defer func() { end(failed) }()
	results, err = i.to.Call(ctx, inv, fn, args)
	failed = err
	return results, err
}

// errAborted is how a call ended that did not return.
var errAborted = errors.New("aborted")

// HTTP implements lattice.Invoker.
func (i *invoker) HTTP(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
	ctx, end := i.begin(r.Context(), inv, semconv.HTTPRequestMethodKey.String(method(r)))
	// The writer belongs to the server again when this has returned.
	sent := &response{ResponseWriter: w}
	r = r.WithContext(ctx)
	if i.kind == trace.SpanKindServer { // else they would count twice where both sides are one process
		sent.count = func(n int) { i.t.streamed(ctx, inv, "transmit", n) }
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &body{ReadCloser: r.Body, count: func(n int) { i.t.streamed(ctx, inv, "receive", n) }}
		}
	}
	failed := errAborted
	defer func() {
		if sent.status != 0 {
			trace.SpanFromContext(ctx).SetAttributes(semconv.HTTPResponseStatusCode(sent.status))
		}
		end(failed)
	}()
	err := i.to.HTTP(sent, r, inv)
	failed = err
	return err
}

// begin begins the span and the measurement of an invocation, which end ends.
func (i *invoker) begin(ctx context.Context, inv *lattice.Invocation, more ...attribute.KeyValue) (_ context.Context, end func(error)) {
	begin := time.Now()
	name := inv.Function
	if inv.Interface != "" {
		name = inv.Interface + "/" + inv.Function
	}
	ctx, span := i.t.tracer.Start(ctx, name, trace.WithSpanKind(i.kind))
	if span.IsRecording() {
		span.SetAttributes(semconv.RPCSystemNameKey.String(system), semconv.RPCMethod(name),
			attrComponent.String(string(inv.Target)), attrDepth.Int(inv.Depth))
		span.SetAttributes(more...)
		if n := len(inv.Callers); n > 0 {
			span.SetAttributes(attrCaller.String(string(inv.Callers[n-1])))
		}
	}
	active := metric.WithAttributeSet(attribute.NewSet(attrComponent.String(string(inv.Target)), attribute.String("wattle.side", i.kind.String())))
	i.t.do.calls.Add(ctx, 1, active)
	return ctx, func(err error) {
		of := make([]attribute.KeyValue, 0, 6)
		of = append(of, semconv.RPCSystemNameKey.String(system), attrComponent.String(string(inv.Target)))
		if err != nil {
			code := code(err)
			if errors.Is(err, errAborted) {
				code = "aborted"
			}
			if errors.Is(err, lattice.ErrNotFound) || errors.Is(err, lattice.ErrInvalid) {
				name = otherMethod
			}
			failed := []attribute.KeyValue{semconv.ErrorTypeKey.String(code), semconv.RPCResponseStatusCode(code)}
			of = append(of, failed...)
			span.SetAttributes(failed...)
			span.SetStatus(codes.Error, code)
		}
		of = append(of, semconv.RPCMethod(name))
		i.t.do.calls.Add(ctx, -1, active)
		i.duration.Record(ctx, since(begin), metric.WithAttributeSet(attribute.NewSet(of...)))
		span.End()
	}
}

// streamed counts bytes of a body.
func (t *Telemetry) streamed(ctx context.Context, inv *lattice.Invocation, direction string, n int) {
	t.do.streamed.Add(ctx, int64(n), metric.WithAttributeSet(attribute.NewSet(
		attrComponent.String(string(inv.Target)), semconv.NetworkIODirectionKey.String(direction))))
}
