package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/internal/rawjson"
)

// MaxNotice bounds what a component says at once to a client, in bytes. More traps it.
const MaxNotice = 64 << 10

// Client is who waits for the answer of a call. Its methods are called one at a time. Their
// error is that it has gone.
type Client interface {
	// Progress says how far the call has come. total and message may be nil.
	Progress(done float64, total *float64, message *string) error
	// Log sends a log message. logger may be nil; data is any JSON.
	Log(level string, logger *string, data json.RawMessage) error
}

type clientKey struct{}

// WithClient returns the context of a call that a client waits for.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// caller implements Host for the call that a guest answers.
type caller struct{}

func client(c *component.Call) Client {
	client, _ := c.Context().Value(clientKey{}).(Client)
	return client
}

// Progress implements host.progress.
func (caller) Progress(c *component.Call, done float64, total component.Option[float64], message component.Option[string]) error {
	return SendProgress(c, done, total, message)
}

// Log implements host.log.
func (caller) Log(c *component.Call, level Level, logger component.Option[string], data JSON) error {
	return SendLog(c, level.String(), logger, data)
}

// Cancelled implements host.cancelled.
func (caller) Cancelled(c *component.Call) (bool, error) {
	return c.Context().Err() != nil, nil
}

// SendProgress tells the client of a call how far it has come. The error is for the guest's owner,
// and traps it.
func SendProgress(c *component.Call, done float64, total component.Option[float64], message component.Option[string]) error {
	switch {
	case math.IsNaN(done) || math.IsInf(done, 0) || math.IsNaN(total.Value) || math.IsInf(total.Value, 0):
		return fmt.Errorf("progress %v of %v is not finite", done, total.Value)
	case len(message.Value) > MaxNotice:
		return fmt.Errorf("the message of a progress has %d bytes, limit %d", len(message.Value), MaxNotice)
	}
	to := client(c)
	if to == nil {
		return nil
	}
	return to.Progress(done, pointer(total), pointer(message))
}

// SendLog sends the client of a call a log message; data that is no JSON is a string. The error is
// for the guest's owner, and traps it.
func SendLog(c *component.Call, level string, logger component.Option[string], data JSON) error {
	if n := len(data) + len(logger.Value); n > MaxNotice {
		return fmt.Errorf("a log message has %d bytes, limit %d", n, MaxNotice)
	}
	to := client(c)
	if to == nil {
		return nil
	}
	text, err := rawjson.Compact([]byte(data))
	if err != nil {
		text = rawjson.Quote(data)
	}
	return to.Log(level, pointer(logger), text)
}

func pointer[T any](o component.Option[T]) *T {
	if !o.Some {
		return nil
	}
	return &o.Value
}
