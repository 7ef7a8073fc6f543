package messaging

import (
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/messaging"
)

// DefaultMaxBytes is the default of Options.MaxBytes.
const DefaultMaxBytes = 32 << 20

// LimitBytes is the name of the limit on what messages have.
const LimitBytes = "message-bytes"

// overhead is what a message counts besides its bytes.
const overhead = 256

// Options say what a guest is given. The zero value denies everything.
type Options struct {
	// Grant is what the component may do. If nil, nothing.
	Grant *messaging.Grant
	// MaxBytes is how many bytes all messages of the instance may have. If zero,
	// DefaultMaxBytes.
	MaxBytes int
}

// State is what an instance has of wasi:messaging.
type State struct {
	opts  Options
	bytes int // of all messages
}

// NewState returns the state of an instance.
func NewState(opts Options) *State {
	if opts.MaxBytes == 0 {
		opts.MaxBytes = DefaultMaxBytes
	}
	return &State{opts: opts}
}

// charge adds n to what messages have. It returns an error that traps the guest when
// that is too much.
func (s *State) charge(n int) error {
	if n > s.opts.MaxBytes-s.bytes {
		return &component.LimitError{Name: LimitBytes, What: "bytes of messages", Max: uint64(s.opts.MaxBytes)}
	}
	s.bytes += n
	return nil
}

// Client is the resource types.client: a link.
type Client struct{ link *messaging.Link }

// ClientConnect implements client.connect.
func (s *State) ClientConnect(_ *component.Call, name string) (*Client, error) {
	link, err := s.opts.Grant.Link(name)
	if err != nil {
		return nil, wasiError(err)
	}
	return &Client{link}, nil
}

// Disconnect implements client.disconnect.
func (c *Client) Disconnect(*component.Call) error {
	c.link = nil
	return nil
}

var errDisconnected = &Error{Tag: ErrorConnection, Connection: "the client is disconnected"}

// Send implements producer.send.
func (s *State) Send(c *component.Call, client *Client, topic Topic, m *Message) error {
	defer m.release()
	if client.link == nil {
		return errDisconnected
	}
	return wasiError(s.opts.Grant.Publish(c.Context(), client.link, m.on(topic)))
}

// RequestOptions is the resource request-reply.request-options.
type RequestOptions struct {
	timeout time.Duration
	answers uint32
}

// NewRequestOptions implements the constructor of request-options.
func (s *State) NewRequestOptions(*component.Call) (*RequestOptions, error) {
	return &RequestOptions{answers: 1}, nil
}

// SetTimeoutMs implements request-options.set-timeout-ms.
func (o *RequestOptions) SetTimeoutMs(_ *component.Call, ms uint32) error {
	// A request that is not to wait at all has no answer: it waits as little as it can.
	o.timeout = max(time.Duration(ms)*time.Millisecond, time.Nanosecond)
	return nil
}

// SetExpectedReplies implements request-options.set-expected-replies.
func (o *RequestOptions) SetExpectedReplies(_ *component.Call, n uint32) error {
	o.answers = n
	return nil
}

// Request implements request-reply.request.
func (s *State) Request(c *component.Call, client *Client, topic Topic, m *Message, opts component.Option[*RequestOptions]) ([]*Message, error) {
	if client.link == nil {
		return nil, errDisconnected
	}
	o := &RequestOptions{answers: 1}
	if opts.Some {
		o = opts.Value
	}
	answers, err := s.opts.Grant.Request(c.Context(), client.link, m.on(topic), o.timeout, int(o.answers))
	if err != nil {
		return nil, wasiError(err)
	}
	all := make([]*Message, len(answers))
	for i, a := range answers {
		all[i] = &Message{topic: component.Some(a.Subject), contentType: a.ContentType, metadata: a.Metadata, data: a.Body}
		if err := all[i].hold(s); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Reply implements request-reply.reply.
func (s *State) Reply(c *component.Call, to, m *Message) error {
	defer m.release()
	if to.reply == "" {
		return nil
	}
	link, err := s.opts.Grant.All()
	if err == nil {
		err = s.opts.Grant.Publish(c.Context(), link, m.on(to.reply))
	}
	return wasiError(err)
}
