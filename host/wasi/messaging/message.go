package messaging

import (
	"context"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/messaging"
	"github.com/wattle-dev/wattle/wit"
)

// Message is the resource types.message.
type Message struct {
	topic       component.Option[Topic]
	contentType string
	metadata    []messaging.Field
	data        []byte
	reply       string // where an answer goes, as the component has it

	held *State // whose bytes its own are counted among
	size int    // that are counted
}

// Incoming returns a message as the argument of incoming-handler.handle. What it is made
// of must be as the component is given it ([messaging.Deliver]).
func Incoming(m *messaging.Message) wit.HandleValue {
	in := &Message{topic: component.Some(m.Subject), contentType: m.ContentType, metadata: m.Metadata, data: m.Body, reply: m.Reply}
	return component.Own{Type: MessageResource, Value: in}.Handle()
}

// on returns the message as it is sent to a topic.
func (m *Message) on(topic Topic) *messaging.Message {
	return &messaging.Message{Subject: topic, ContentType: m.contentType, Metadata: m.metadata, Body: m.data}
}

// hold counts the message's bytes anew.
func (m *Message) hold(s *State) error {
	size := overhead + len(m.data) + len(m.contentType)
	for _, f := range m.metadata {
		size += overhead + len(f.Key) + len(f.Value)
	}
	if err := s.charge(size - m.size); err != nil {
		return err
	}
	m.held, m.size = s, size
	return nil
}

// release counts them no more.
func (m *Message) release() {
	if m.held != nil {
		m.held.bytes -= m.size
		m.held, m.size = nil, 0
	}
}

// Drop is called when the guest drops the message.
func (m *Message) Drop(context.Context) { m.release() }

// NewMessage implements the constructor of message.
func (s *State) NewMessage(_ *component.Call, data []byte) (*Message, error) {
	m := &Message{data: data}
	return m, m.hold(s)
}

// Topic implements message.topic.
func (m *Message) Topic(*component.Call) (component.Option[Topic], error) { return m.topic, nil }

// ContentType implements message.content-type.
func (m *Message) ContentType(*component.Call) (component.Option[string], error) {
	return component.Option[string]{Some: m.contentType != "", Value: m.contentType}, nil
}

// SetContentType implements message.set-content-type.
func (m *Message) SetContentType(c *component.Call, contentType string) error {
	m.contentType = contentType
	return m.hold(state(c))
}

// Data implements message.data.
func (m *Message) Data(*component.Call) ([]byte, error) { return m.data, nil }

// SetData implements message.set-data.
func (m *Message) SetData(c *component.Call, data []byte) error {
	m.data = data
	return m.hold(state(c))
}

// Metadata implements message.metadata.
func (m *Message) Metadata(*component.Call) (component.Option[Metadata], error) {
	if len(m.metadata) == 0 {
		return component.Option[Metadata]{}, nil
	}
	all := make(Metadata, len(m.metadata))
	for i, f := range m.metadata {
		all[i] = component.Tuple2[string, string]{V0: f.Key, V1: f.Value}
	}
	return component.Some(all), nil
}

// set has a key have a value. Keys differ by more than case.
func (m *Message) set(key, value string) {
	if i := m.find(key); i >= 0 {
		m.metadata[i].Value = value
		return
	}
	m.metadata = append(slices.Clip(m.metadata), messaging.Field{Key: key, Value: value})
}

func (m *Message) find(key string) int {
	return slices.IndexFunc(m.metadata, func(f messaging.Field) bool { return strings.EqualFold(f.Key, key) })
}

// tooMany is the error of metadata that no message may have.
func tooMany() error {
	return &component.LimitError{Name: LimitBytes, What: "entries of metadata", Max: messaging.MaxFields}
}

// AddMetadata implements message.add-metadata.
func (m *Message) AddMetadata(c *component.Call, key, value string) error {
	m.metadata = slices.Clone(m.metadata) // others may have what it was
	m.set(key, value)
	if len(m.metadata) > messaging.MaxFields {
		return tooMany()
	}
	return m.hold(state(c))
}

// SetMetadata implements message.set-metadata. Of several values of a key the last one
// counts.
func (m *Message) SetMetadata(c *component.Call, meta Metadata) error {
	m.metadata = nil
	for _, f := range meta {
		if m.set(f.V0, f.V1); len(m.metadata) > messaging.MaxFields {
			return tooMany()
		}
	}
	return m.hold(state(c))
}

// RemoveMetadata implements message.remove-metadata.
func (m *Message) RemoveMetadata(c *component.Call, key string) error {
	if i := m.find(key); i >= 0 {
		m.metadata = slices.Delete(slices.Clone(m.metadata), i, i+1)
	}
	return m.hold(state(c))
}
