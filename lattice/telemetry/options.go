package telemetry

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Options configure telemetry.
type Options struct {
	// Getenv reads a variable of the environment. If nil, telemetry is off.
	Getenv func(key string) string
	// Service is the name of the program unless the environment has one. If empty,
	// "wattle".
	Service string
	// Version is the version of the program.
	Version string
	// Attributes say what reports: the lattice, the host. Those of the environment
	// go over them.
	Attributes map[string]string
	// Logger is told of exporters that fail. If nil, nobody is.
	Logger *slog.Logger
}

// signal is a kind of telemetry.
type signal string

const (
	traces  signal = "traces"
	metrics signal = "metrics"
)

// defaultEndpoint is where a collector listens by convention.
const defaultEndpoint = "http://localhost:4318"

// exporter says where a signal is sent, and how.
type exporter struct {
	endpoint string // empty if the signal is off
	headers  map[string]string
	timeout  time.Duration
	gzip     bool
}

// exporter reads what the environment says of a signal.
func (o *Options) exporter(s signal) (exporter, error) {
	var e exporter
	upper := strings.ToUpper(string(s))
	// get returns the value of a variable, of the signal's own rather than of the
	// one for all, with its name.
	get := func(what string) (name, value string) {
		name = "OTEL_EXPORTER_OTLP_" + upper + "_" + what
		if value = o.get(name); value == "" {
			name = "OTEL_EXPORTER_OTLP_" + what
			value = o.get(name)
		}
		return name, value
	}
	kind := "OTEL_" + upper + "_EXPORTER"
	name, endpoint := get("ENDPOINT")
	switch v := o.get(kind); v {
	case "none":
		return e, nil
	case "otlp":
		endpoint = cmp.Or(endpoint, defaultEndpoint)
	case "":
		if endpoint == "" {
			return e, nil
		}
	default:
		return e, fmt.Errorf("%s is %q: otlp and none are supported", kind, v)
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return e, fmt.Errorf("%s is no URL that begins with http:// or https:// and has a host", name)
	}
	if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		u = u.JoinPath("v1", string(s))
	}
	e.endpoint = u.String()
	if name, v := get("PROTOCOL"); v != "" && v != "http/protobuf" {
		return e, fmt.Errorf("%s is %q: only http/protobuf is supported, which collectors take at port 4318", name, v)
	}
	name, v := get("HEADERS")
	if e.headers, err = pairs(v); err != nil {
		return e, fmt.Errorf("%s: %w", name, err) // err has no values: they are credentials
	}
	name, v = get("TIMEOUT")
	if e.timeout, err = milliseconds(name, v, 10*time.Second); err != nil {
		return e, err
	}
	switch name, v := get("COMPRESSION"); v {
	case "", "none":
	case "gzip":
		e.gzip = true
	default:
		return e, fmt.Errorf("%s is %q: gzip and none are supported", name, v)
	}
	return e, nil
}

func (o *Options) get(name string) string { return strings.TrimSpace(o.Getenv(name)) }

// pairs parses a list of keys and values as in W3C Baggage, without properties.
func pairs(list string) (map[string]string, error) {
	if list == "" {
		return nil, nil
	}
	all := map[string]string{}
	for i, pair := range strings.Split(list, ",") {
		key, value, ok := strings.Cut(pair, "=")
		key = strings.TrimSpace(key)
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || key == "" || err != nil {
			return nil, fmt.Errorf("pair %d is not of the form KEY=VALUE", i+1)
		}
		all[key] = value
	}
	return all, nil
}

// milliseconds parses a time, which is positive.
func milliseconds(name, value string, def time.Duration) (time.Duration, error) {
	if value == "" {
		return def, nil
	}
	ms, err := strconv.ParseInt(value, 10, 32)
	if err != nil || ms <= 0 {
		return 0, fmt.Errorf("%s is %q, which is not a positive number of milliseconds", name, value)
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// sampler returns which traces are taken.
func (o *Options) sampler() (sdktrace.Sampler, error) {
	const name, arg = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
	ratio := 1.0
	if v := o.get(arg); v != "" {
		var err error
		if ratio, err = strconv.ParseFloat(v, 64); err != nil || !(ratio >= 0 && ratio <= 1) {
			return nil, fmt.Errorf("%s is %q, which is not a number from 0 to 1", arg, v)
		}
	}
	kind := cmp.Or(o.get(name), "parentbased_always_on")
	root, parent := strings.CutPrefix(kind, "parentbased_")
	var s sdktrace.Sampler
	switch root {
	case "always_on":
		s = sdktrace.AlwaysSample()
	case "always_off":
		s = sdktrace.NeverSample()
	case "traceidratio":
		s = sdktrace.TraceIDRatioBased(ratio)
	default:
		return nil, fmt.Errorf("%s is %q: always_on, always_off and traceidratio are supported, also with parentbased_ before them", name, kind)
	}
	if parent {
		s = sdktrace.ParentBased(s)
	}
	return s, nil
}
