package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/telemetry"
	"github.com/wattle-dev/wattle/lattice/telemetry/telemetrytest"
	"github.com/wattle-dev/wattle/lattice/tracecontext"
	"github.com/wattle-dev/wattle/wit"
)

func environment(kv map[string]string) func(string) string {
	return func(k string) string { return kv[k] }
}

func TestOff(t *testing.T) {
	for _, env := range []map[string]string{
		{},
		{"OTEL_SERVICE_NAME": "x"},
		{"OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
		{"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
	} {
		tel, err := telemetry.New(t.Context(), telemetry.Options{Getenv: environment(env)})
		if tel != nil || err != nil {
			t.Errorf("New with %v = %v, %v, want nil, nil", env, tel, err)
		}
	}
	var off *telemetry.Telemetry
	var target target
	if got := off.Handler(&target); got != lattice.Handler(&target) {
		t.Errorf("Handler of telemetry that is off = %v, want what it was given", got)
	}
	if got := off.Invoker(&target); got != lattice.Invoker(&target) {
		t.Errorf("Invoker of telemetry that is off = %v, want what it was given", got)
	}
	_, end := off.Apply(t.Context(), &lattice.Desired{})
	end(nil)
	if err := errors.Join(off.ObserveHeartbeat(nil), off.ObserveLimits(nil), off.Shutdown(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestEnvironment(t *testing.T) {
	const endpoint = "http://127.0.0.1:1"
	for _, tt := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT is no URL"},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "ftp://x"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is no URL"},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, `OTEL_EXPORTER_OTLP_PROTOCOL is "grpc": only http/protobuf`},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/json"}, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"},
		{map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_HEADERS": "a=b,secret"}, "OTEL_EXPORTER_OTLP_HEADERS: pair 2"},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_TIMEOUT": "1s"}, "OTEL_EXPORTER_OTLP_TIMEOUT"},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_COMPRESSION": "zstd"}, "OTEL_EXPORTER_OTLP_COMPRESSION"},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER": "jaeger_remote"}, "OTEL_TRACES_SAMPLER"},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER_ARG": "NaN"}, "OTEL_TRACES_SAMPLER_ARG"},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_METRIC_EXPORT_INTERVAL": "0"}, "OTEL_METRIC_EXPORT_INTERVAL"},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_RESOURCE_ATTRIBUTES": "=x"}, "OTEL_RESOURCE_ATTRIBUTES"},
	} {
		tel, err := telemetry.New(t.Context(), telemetry.Options{Getenv: environment(tt.env)})
		if tel != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("New with %v = %v, %v, want an error with %q", tt.env, tel, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("New with %v: the error %q gives away the header", tt.env, err)
		}
	}
}

// target is a handler that fails as it is told.
type target struct {
	err  error
	ctxs []context.Context
}

func (h *target) Func(*lattice.Invocation) (*wit.Func, error) { return nil, h.err }

func (h *target) Call(ctx context.Context, _ *lattice.Invocation, _ *wit.Func, args []wit.Value) ([]wit.Value, error) {
	h.ctxs = append(h.ctxs, ctx)
	return args, h.err
}

func (h *target) HTTP(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
	h.ctxs = append(h.ctxs, r.Context())
	if h.err != nil {
		return h.err
	}
	if r.URL.Path == "/abort" {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusTeapot)
	_, err := io.Copy(w, r.Body)
	return err
}

// collector starts a collector, and telemetry that sends to it.
func collector(t *testing.T, more map[string]string) (*telemetrytest.Collector, *telemetry.Telemetry) {
	t.Helper()
	c := new(telemetrytest.Collector)
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	env := map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": s.URL, "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20token",
		"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_RESOURCE_ATTRIBUTES": "zone=a",
	}
	maps.Copy(env, more)
	tel, err := telemetry.New(t.Context(), telemetry.Options{
		Getenv: environment(env), Version: "1.2.3", Attributes: map[string]string{"wattle.host": "N1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, tel
}

// TestTrace follows a request from the front door over a message to the host: the
// invocations that follow are children of it, in the trace that the client began.
func TestTrace(t *testing.T) {
	c, tel := collector(t, nil)
	var linked target
	guest := tel.Handler(&linked)
	inv := &lattice.Invocation{Target: "hello", Interface: "wasi:http/incoming-handler@0.2.6", Function: "handle", Callers: []lattice.Caller{"http"}, Depth: 3}
	front := tel.Front(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// What a router does: the trace goes over the wire in a message.
		router := tel.Invoker(invokerFunc(func(ctx context.Context) error {
			m := &lattice.Message{Header: tracecontext.Inject(ctx, nil)}
			ctx = tracecontext.Extract(context.WithoutCancel(t.Context()), m.Header)
			_, err := guest.Call(ctx, &lattice.Invocation{Target: "hello", Interface: "a:b/c", Function: "f"}, nil, nil)
			return err
		}))
		if _, err := router.Call(r.Context(), inv, nil, nil); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
	r := httptest.NewRequest("GET", "/secret?token=secret", nil)
	const parent = "0af7651916cd43dd8448eb211c80319c"
	r.Header.Set("traceparent", "00-"+parent+"-b7ad6b7169203331-01")
	front.ServeHTTP(httptest.NewRecorder(), r)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	byID := map[string]telemetrytest.Span{}
	byName := map[string]telemetrytest.Span{}
	for _, s := range c.Spans() {
		byID[s.ID], byName[s.Name] = s, s
		if s.Trace != parent {
			t.Errorf("span %q is of trace %s, want %s", s.Name, s.Trace, parent)
		}
		if s.Resource["wattle.host"] != "N1" || s.Resource["zone"] != "a" || s.Resource["service.name"] != "wattle" {
			t.Errorf("span %q has the resource %v", s.Name, s.Resource)
		}
		for k, v := range s.Attributes {
			if strings.Contains(v, "secret") {
				t.Errorf("span %q gives away %s = %q", s.Name, k, v)
			}
		}
	}
	var path []string
	for s, ok := byName["a:b/c/f"]; ok; s, ok = byID[s.Parent] {
		path = append(path, s.Kind+" "+s.Name)
	}
	const want = "SPAN_KIND_SERVER a:b/c/f < SPAN_KIND_CLIENT wasi:http/incoming-handler@0.2.6/handle < SPAN_KIND_SERVER GET"
	if got := strings.Join(path, " < "); got != want {
		t.Errorf("the way of the call is\n%s, want\n%s", got, want)
	}
	for _, r := range c.Requests() {
		if got := r.Header.Get("Authorization"); got != "Bearer token" {
			t.Errorf("%s was sent with authorization %q", r.URL.Path, got)
		}
	}
}

type invokerFunc func(context.Context) error

func (f invokerFunc) Call(ctx context.Context, _ *lattice.Invocation, _ *wit.Func, _ []wit.Value) ([]wit.Value, error) {
	return nil, f(ctx)
}

func (f invokerFunc) HTTP(_ http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
	return f(r.Context())
}

func TestMeasurements(t *testing.T) {
	c, tel := collector(t, nil)
	inv := &lattice.Invocation{Target: "hello", Interface: "a:b/c", Function: "f"}
	h := &target{}
	ok := tel.Handler(h)
	if _, err := ok.Call(t.Context(), inv, nil, nil); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", 1000)))
	w := httptest.NewRecorder()
	if err := ok.HTTP(w, r, inv); err != nil || w.Code != http.StatusTeapot {
		t.Fatalf("HTTP: %v, status %d", err, w.Code)
	}
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // a panic's value
				t.Errorf("HTTP panics with %v, want http.ErrAbortHandler", p)
			}
		}()
		_ = ok.HTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/abort", nil), inv)
	}()
	h.err = &lattice.Error{Code: lattice.CodeExhausted, Message: "full", Undelivered: true}
	if _, err := tel.Invoker(h).Call(t.Context(), inv, nil, nil); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("Call = %v, want what the target returned", err)
	}
	h.err = lattice.ErrNotFound
	if _, err := ok.Call(t.Context(), &lattice.Invocation{Target: "hello", Function: "made-up"}, nil, nil); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("Call = %v, want what the target returned", err)
	}
	_, end := tel.Apply(t.Context(), &lattice.Desired{Stamp: lattice.Stamp{Term: 1, Index: 2}})
	end(lattice.ErrUnavailable)
	if err := errors.Join(
		tel.ObserveHeartbeat(func() time.Duration { return 1500 * time.Millisecond }),
		tel.ObserveLimits(func(f func(lattice.ComponentID, string, int64)) { f("hello", "memory", 3) }),
		tel.Shutdown(t.Context())); err != nil {
		t.Fatal(err)
	}
	find := func(name string, of ...string) float64 {
		t.Helper()
		sum, found := 0.0, false
	points:
		for _, p := range c.Points() {
			if p.Name != name {
				continue
			}
			for i := 0; i < len(of); i += 2 {
				if p.Attributes[of[i]] != of[i+1] {
					continue points
				}
			}
			sum, found = sum+p.Value, true
		}
		if !found {
			t.Errorf("there is no %s with %v", name, of)
		}
		return sum
	}
	for _, tt := range []struct {
		name string
		of   []string
		want float64
	}{
		{"wattle.limit.exceeded", []string{"wattle.component", "hello", "wattle.limit", "memory"}, 3},
		{"rpc.server.call.duration", nil, 4},
		{"rpc.server.call.duration", []string{"error.type", "aborted"}, 1},
		{"rpc.server.call.duration", []string{"error.type", "not-found", "rpc.method", "_OTHER"}, 1},
		{"rpc.client.call.duration", []string{"error.type", "exhausted", "rpc.method", "a:b/c/f", "wattle.component", "hello"}, 1},
		{"wattle.invocation.active", nil, 0},
		{"wattle.stream.io", []string{"network.io.direction", "receive"}, 1000},
		{"wattle.stream.io", []string{"network.io.direction", "transmit"}, 1000},
		{"wattle.apply.duration", []string{"error.type", "unavailable"}, 1},
		{"wattle.heartbeat.age", nil, 1.5},
	} {
		if got := find(tt.name, tt.of...); got != tt.want {
			t.Errorf("%s with %v is %v, want %v", tt.name, tt.of, got, tt.want)
		}
	}
}

// TestUnreachable has no collector: that is said once, costs nobody anything, and
// ends in time.
func TestUnreachable(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	var log bytes.Buffer
	tel, err := telemetry.New(t.Context(), telemetry.Options{
		Getenv: environment(map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": s.URL + "/v1/traces", "OTEL_EXPORTER_OTLP_TIMEOUT": "100"}),
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	h := tel.Handler(&target{})
	for range 10_000 { // more than wait
		if _, err := h.Call(t.Context(), &lattice.Invocation{Target: "hello"}, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_ = tel.Shutdown(ctx)
	if ctx.Err() != nil {
		t.Error("Shutdown did not end")
	}
	if n := strings.Count(log.String(), "telemetry cannot be sent"); n != 1 {
		t.Errorf("the log says %d times that telemetry cannot be sent, want once:\n%s", n, &log)
	}
}
