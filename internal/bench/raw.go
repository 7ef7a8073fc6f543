package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// raw is nats.go without anything around it: one connection that asks and one that
// answers.
type raw struct {
	here, there *nats.Conn
	ask, answer []byte
	got         atomic.Int64 // bytes published
	more        chan struct{}
}

const (
	rawAnswers = "bench.raw.request"
	rawBytes   = "bench.raw.bytes"
	rawChunk   = 64 << 10
)

// newRaw returns connections whose requests and answers have as many bytes.
func newRaw(url string, ask, answer int) (*raw, error) {
	r := &raw{ask: bytes.Repeat([]byte("."), ask), answer: bytes.Repeat([]byte("."), answer), more: make(chan struct{}, 1)}
	var err error
	if r.there, err = nats.Connect(url); err != nil {
		return nil, err
	}
	if r.here, err = nats.Connect(url); err != nil {
		r.there.Close()
		return nil, err
	}
	_, err1 := r.there.Subscribe(rawAnswers, func(m *nats.Msg) { _ = m.Respond(r.answer) })
	_, err2 := r.there.Subscribe(rawBytes, func(m *nats.Msg) {
		r.got.Add(int64(len(m.Data)))
		select {
		case r.more <- struct{}{}:
		default:
		}
	})
	if err := errors.Join(err1, err2, r.there.Flush()); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *raw) close() { r.here.Close(); r.there.Close() }

func (r *raw) request(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	m, err := r.here.RequestWithContext(ctx, rawAnswers, r.ask)
	if err == nil && len(m.Data) != len(r.answer) {
		err = fmt.Errorf("the answer has %d bytes", len(m.Data))
	}
	return err
}

// publish publishes n bytes and waits until all have arrived. It is ahead by no
// more than the subscription holds.
func (r *raw) publish(ctx context.Context, n int) error {
	const ahead = 16 << 20
	chunk := make([]byte, rawChunk)
	r.got.Store(0)
	for sent := 0; sent < n || int(r.got.Load()) < n; {
		if sent < n && sent-int(r.got.Load()) < ahead {
			if err := r.here.Publish(rawBytes, chunk); err != nil {
				return err
			}
			sent += len(chunk)
			continue
		}
		select {
		case <-r.more:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
