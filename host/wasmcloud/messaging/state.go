package messaging

import (
	"context"
	"errors"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/messaging"
	"github.com/wattle-dev/wattle/wit"
)

// State is what an instance has of wasmcloud:messaging.
type State struct {
	grant *messaging.Grant
	name  func() string
}

// NewState returns the state of an instance that may do what grant allows: nothing, if
// it is nil. name returns the name of the link that the guest has chosen; it may be nil.
func NewState(grant *messaging.Grant, name func() string) *State { return &State{grant, name} }

// link returns the link that is meant: the one that the guest has chosen, or else
// whichever allows what it does.
func (s *State) link() (*messaging.Link, error) {
	if s.name != nil {
		if name := s.name(); name != string(lattice.DefaultLink) {
			return s.grant.Link(name)
		}
	}
	return s.grant.All()
}

// text returns an error as guests have it.
func text(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return &StringError{"timeout: nobody has answered in time"}
	}
	return &StringError{err.Error()}
}

// Publish implements consumer.publish.
func (s *State) Publish(c *component.Call, msg BrokerMessage) error {
	link, err := s.link()
	if err == nil {
		err = s.grant.Publish(c.Context(), link, &messaging.Message{Subject: msg.Subject, Reply: msg.ReplyTo.Value, Body: msg.Body})
	}
	return text(err)
}

// Request implements consumer.request. A timeout of zero is that of the link.
func (s *State) Request(c *component.Call, subject string, body []byte, timeoutMs uint32) (BrokerMessage, error) {
	link, err := s.link()
	if err != nil {
		return BrokerMessage{}, text(err)
	}
	timeout := time.Duration(timeoutMs) * time.Millisecond
	answers, err := s.grant.Request(c.Context(), link, &messaging.Message{Subject: subject, Body: body}, timeout, 1)
	if err != nil {
		return BrokerMessage{}, text(err)
	}
	return BrokerMessage{Subject: answers[0].Subject, Body: answers[0].Body}, nil
}

// Incoming returns a message as the argument of handler.handle-message. It must be as
// the component is given it ([messaging.Deliver]).
//
// [messaging.Deliver]: github.com/wattle-dev/wattle/providers/messaging.Deliver
func Incoming(m *messaging.Message) wit.Value {
	reply := wit.OptionValue{}
	if m.Reply != "" {
		reply = wit.OptionValue{Some: true, Value: m.Reply}
	}
	return wit.RecordValue{m.Subject, wit.Bytes(m.Body), reply}
}
