package http

import (
	"math"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/clocks"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// RequestOptions is the resource request-options.
type RequestOptions struct {
	connect, firstByte, betweenBytes component.Option[clocks.Duration]
}

// timeouts returns the options as the client has them.
func (o *RequestOptions) timeouts() httpclient.Timeouts {
	if o == nil {
		return httpclient.Timeouts{}
	}
	duration := func(d component.Option[clocks.Duration]) time.Duration {
		if !d.Some {
			return 0
		}
		return time.Duration(min(max(d.Value, 1), math.MaxInt64)) // zero would mean none
	}
	return httpclient.Timeouts{
		Connect: duration(o.connect), FirstByte: duration(o.firstByte), Read: duration(o.betweenBytes),
	}
}

// NewRequestOptions implements [constructor]request-options.
func (*State) NewRequestOptions(*component.Call) (*RequestOptions, error) {
	return &RequestOptions{}, nil
}

// ConnectTimeout implements [method]request-options.connect-timeout.
func (o *RequestOptions) ConnectTimeout(*component.Call) (component.Option[clocks.Duration], error) {
	return o.connect, nil
}

// SetConnectTimeout implements [method]request-options.set-connect-timeout.
func (o *RequestOptions) SetConnectTimeout(_ *component.Call, d component.Option[clocks.Duration]) error {
	o.connect = d
	return nil
}

// FirstByteTimeout implements [method]request-options.first-byte-timeout.
func (o *RequestOptions) FirstByteTimeout(*component.Call) (component.Option[clocks.Duration], error) {
	return o.firstByte, nil
}

// SetFirstByteTimeout implements [method]request-options.set-first-byte-timeout.
func (o *RequestOptions) SetFirstByteTimeout(_ *component.Call, d component.Option[clocks.Duration]) error {
	o.firstByte = d
	return nil
}

// BetweenBytesTimeout implements [method]request-options.between-bytes-timeout.
func (o *RequestOptions) BetweenBytesTimeout(*component.Call) (component.Option[clocks.Duration], error) {
	return o.betweenBytes, nil
}

// SetBetweenBytesTimeout implements
// [method]request-options.set-between-bytes-timeout.
func (o *RequestOptions) SetBetweenBytesTimeout(_ *component.Call, d component.Option[clocks.Duration]) error {
	o.betweenBytes = d
	return nil
}
