package telemetry

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/tracecontext"
)

// Lattice returns l with spans and measurements of its buckets and requests, and
// with the trace in the header of requests. A connection to NATS is measured as
// well. It returns l itself if telemetry is off.
func (t *Telemetry) Lattice(l lattice.Lattice) lattice.Lattice {
	if t == nil {
		return l
	}
	if c, ok := l.(connection); ok {
		t.observe(c)
	}
	return &measured{Lattice: l, t: t}
}

// measured is a lattice whose operations are measured.
type measured struct {
	lattice.Lattice
	t *Telemetry
}

var (
	publish = metric.WithAttributeSet(attribute.NewSet(semconv.MessagingSystemKey.String("nats"), semconv.MessagingOperationName("publish")))
	request = []attribute.KeyValue{semconv.MessagingSystemKey.String("nats"), semconv.MessagingOperationName("request")}
)

// Publish implements lattice.Messenger.
func (l *measured) Publish(m *lattice.Message) error {
	err := l.Lattice.Publish(m)
	if err == nil {
		l.t.do.sent.Add(context.Background(), 1, publish)
	}
	return err
}

// Request implements lattice.Messenger.
func (l *measured) Request(ctx context.Context, m *lattice.Message) (*lattice.Message, error) {
	ctx, end := l.t.operation(ctx, "request", l.t.do.operation, request)
	with := *m
	with.Header = tracecontext.Inject(ctx, m.Header)
	answer, err := l.Lattice.Request(ctx, &with)
	end(err)
	return answer, err
}

// Bucket implements lattice.Lattice.
func (l *measured) Bucket(ctx context.Context, name string) (lattice.Bucket, error) {
	return l.open(name)(l.Lattice.Bucket(ctx, name))
}

// CreateBucket implements lattice.Lattice.
func (l *measured) CreateBucket(ctx context.Context, c lattice.BucketConfig) (lattice.Bucket, error) {
	return l.open(c.Name)(l.Lattice.CreateBucket(ctx, c))
}

func (l *measured) open(name string) func(lattice.Bucket, error) (lattice.Bucket, error) {
	return func(b lattice.Bucket, err error) (lattice.Bucket, error) {
		if err != nil {
			return nil, err
		}
		return &bucket{Bucket: b, t: l.t, name: name}, nil
	}
}

// bucket is a bucket whose operations are measured. Watch lasts as long as its
// caller wants, and is not.
type bucket struct {
	lattice.Bucket
	t    *Telemetry
	name string
}

func (b *bucket) begin(ctx context.Context, operation string) (context.Context, func(error)) {
	return b.t.operation(ctx, operation+" "+b.name, b.t.do.bucket, []attribute.KeyValue{
		semconv.DBSystemNameKey.String("nats"), semconv.DBOperationName(operation), semconv.DBCollectionName(b.name),
	})
}

// Get implements lattice.Bucket.
func (b *bucket) Get(ctx context.Context, key string) (lattice.Entry, error) {
	ctx, end := b.begin(ctx, "get")
	e, err := b.Bucket.Get(ctx, key)
	end(err)
	return e, err
}

// Put implements lattice.Bucket.
func (b *bucket) Put(ctx context.Context, key string, value []byte) (uint64, error) {
	ctx, end := b.begin(ctx, "put")
	revision, err := b.Bucket.Put(ctx, key, value)
	end(err)
	return revision, err
}

// Create implements lattice.Bucket.
func (b *bucket) Create(ctx context.Context, key string, value []byte) (uint64, error) {
	ctx, end := b.begin(ctx, "create")
	revision, err := b.Bucket.Create(ctx, key, value)
	end(err)
	return revision, err
}

// Update implements lattice.Bucket.
func (b *bucket) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	ctx, end := b.begin(ctx, "update")
	revision, err := b.Bucket.Update(ctx, key, value, revision)
	end(err)
	return revision, err
}

// Delete implements lattice.Bucket.
func (b *bucket) Delete(ctx context.Context, key string) error {
	ctx, end := b.begin(ctx, "delete")
	err := b.Bucket.Delete(ctx, key)
	end(err)
	return err
}

// Remove implements lattice.Bucket.
func (b *bucket) Remove(ctx context.Context, key string, revision uint64) error {
	ctx, end := b.begin(ctx, "remove")
	err := b.Bucket.Remove(ctx, key, revision)
	end(err)
	return err
}

// List implements lattice.Bucket.
func (b *bucket) List(ctx context.Context, pattern string) ([]lattice.Entry, error) {
	ctx, end := b.begin(ctx, "list")
	all, err := b.Bucket.List(ctx, pattern)
	end(err)
	return all, err
}

// Keys implements lattice.Bucket.
func (b *bucket) Keys(ctx context.Context, pattern string, after uint64, limit int) ([]lattice.Entry, bool, error) {
	ctx, end := b.begin(ctx, "keys")
	keys, more, err := b.Bucket.Keys(ctx, pattern, after, limit)
	end(err)
	return keys, more, err
}

// operation begins the measurement of an operation, with a span if it is part of
// a trace; end ends it.
func (t *Telemetry) operation(ctx context.Context, name string, duration metric.Float64Histogram, of []attribute.KeyValue) (_ context.Context, end func(error)) {
	begin := time.Now()
	span := trace.SpanFromContext(context.Background()) // one that does nothing
	if trace.SpanFromContext(ctx).IsRecording() {
		ctx, span = t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(of...))
	}
	return ctx, func(err error) {
		// What is not there, or was changed meanwhile, is an answer.
		if err != nil && !errors.Is(err, lattice.ErrNotFound) && !errors.Is(err, lattice.ErrExists) && !errors.Is(err, lattice.ErrConflict) {
			failed := semconv.ErrorTypeKey.String(code(err))
			of = append(slices.Clip(of), failed)
			span.SetAttributes(failed)
			span.SetStatus(codes.Error, code(err))
		}
		duration.Record(ctx, since(begin), metric.WithAttributeSet(attribute.NewSet(of...)))
		span.End()
	}
}
