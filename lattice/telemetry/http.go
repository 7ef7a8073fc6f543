package telemetry

import (
	"io"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/wattle-dev/wattle/lattice/tracecontext"
)

// Front returns the handler of a front door with spans and measurements of its
// requests. A trace that the client has begun goes on. It returns h itself if
// telemetry is off.
func (t *Telemetry) Front(h http.Handler) http.Handler {
	if t == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		of := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(method(r)), semconv.URLScheme("http")}
		if r.TLS != nil {
			of[1] = semconv.URLScheme("https")
		}
		ctx := tracecontext.ExtractFrom(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.tracer.Start(ctx, method(r), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(of...))
		active := metric.WithAttributeSet(attribute.NewSet(of...))
		t.do.httpActive.Add(ctx, 1, active)
		sent := &response{ResponseWriter: w}
		aborted := true
		defer func() {
			switch status := sent.code(); {
			case aborted:
				of = append(of, semconv.ErrorTypeKey.String("aborted"))
				span.SetStatus(codes.Error, "aborted")
			case status >= 500:
				of = append(of, semconv.HTTPResponseStatusCode(status), semconv.ErrorTypeKey.Int(status))
				span.SetStatus(codes.Error, http.StatusText(status))
			default:
				of = append(of, semconv.HTTPResponseStatusCode(status))
			}
			span.SetAttributes(of...)
			t.do.httpActive.Add(ctx, -1, active)
			t.do.httpRequest.Record(ctx, since(begin), metric.WithAttributeSet(attribute.NewSet(of...)))
			span.End()
		}()
		h.ServeHTTP(sent, r.WithContext(ctx))
		aborted = false
	})
}

// methods are those that have names in measurements.
const methods = " GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT QUERY "

// method returns the method of a request, _OTHER if it is none that is known.
func method(r *http.Request) string {
	if strings.Contains(methods, " "+r.Method+" ") {
		return r.Method
	}
	return "_OTHER"
}

// response remembers the status of a response and counts its bytes.
type response struct {
	http.ResponseWriter
	status int
	count  func(int)
}

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	if w.status < 200 { // else it is superfluous
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *response) Write(p []byte) (int, error) {
	w.status = w.code()
	n, err := w.ResponseWriter.Write(p)
	if w.count != nil && n > 0 {
		w.count(n)
	}
	return n, err
}

// Flush implements http.Flusher.
func (w *response) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap lets http.ResponseController reach what is wrapped.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// code returns the status, which is 200 if none was written.
func (w *response) code() int {
	if w.status < 200 {
		return http.StatusOK
	}
	return w.status
}

// body counts what is read.
type body struct {
	io.ReadCloser
	count func(int)
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.count(n)
	}
	return n, err
}
