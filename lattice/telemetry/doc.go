// Package telemetry gives a lattice's programs traces and metrics by
// OpenTelemetry.
//
// # Off by default
//
// A nil *[Telemetry] is telemetry that is off: its methods may be called, do
// nothing and return what they were given, so that nothing is paid for it. [New]
// returns nil unless the environment asks for an exporter. Nobody who measures
// has to ask whether it is on.
//
// # Environment
//
// The variables are those of the OpenTelemetry specification. They are read by a
// function in [Options], not from the process.
//
//   - OTEL_EXPORTER_OTLP_ENDPOINT, or OTEL_EXPORTER_OTLP_{TRACES,METRICS}_ENDPOINT:
//     turns on both signals, or one.
//   - OTEL_{TRACES,METRICS}_EXPORTER: otlp turns a signal on at
//     http://localhost:4318, none turns it off.
//   - OTEL_SDK_DISABLED=true: off.
//   - OTEL_EXPORTER_OTLP_[…_]PROTOCOL: http/protobuf, which is the default. What
//     is not supported is an error and not ignored.
//   - OTEL_EXPORTER_OTLP_[…_]{HEADERS,TIMEOUT,COMPRESSION}.
//   - OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER,
//     OTEL_TRACES_SAMPLER_ARG, OTEL_METRIC_EXPORT_INTERVAL.
//
// All of these are given to the exporters as options, which go over what the
// exporters find in the process's environment by themselves. What is left to them
// are the files of OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_CERTIFICATE and
// _CLIENT_KEY.
//
// # Bounds
//
// Finished spans wait in a queue of fixed length and are dropped when it is full;
// nobody waits for an exporter. Instruments have a bound of attribute sets.
// [Telemetry.Shutdown] has one of time.
//
// # Names
//
// Spans, attributes and instruments have the names of the OpenTelemetry semantic
// conventions where those have one: rpc.* for invocations, http.* for the front
// door, db.* for buckets, messaging.* for subjects. The rest begins with wattle.
// No attribute has arguments, values of documents, headers, paths or queries of
// requests, since any of these may be secret.
//
// # Traces
//
// A trace goes with the context, between hosts in the fields traceparent and
// tracestate of W3C Trace Context in a message's header (package tracecontext).
// Buckets and requests have spans only within a trace: a heartbeat begins none.
package telemetry
