package messaging

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/messaging"
)

// The bytes of an instance's messages are bounded, and those of messages that are gone
// do not count.
func TestMessageBytes(t *testing.T) {
	s := NewState(Options{MaxBytes: 1000})
	var limit *component.LimitError
	a, err := s.NewMessage(nil, make([]byte, 500))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.NewMessage(nil, make([]byte, 500)); !errors.As(err, &limit) || limit.Name != LimitBytes {
		t.Errorf("the second message: %v", err)
	}
	a.Drop(t.Context())
	a.Drop(t.Context())
	if s.bytes != 0 {
		t.Errorf("%d bytes count after all messages are gone", s.bytes)
	}
	b, err := s.NewMessage(nil, make([]byte, 700))
	if err != nil {
		t.Fatal(err)
	}
	b.metadata = []messaging.Field{{Key: "a", Value: "b"}}
	if err := b.hold(s); !errors.As(err, &limit) {
		t.Errorf("metadata do not count: %v", err)
	}
}

// A key is there once, however it is written.
func TestMetadata(t *testing.T) {
	m := &Message{}
	shared := []messaging.Field{{Key: "A", Value: "1"}}
	m.metadata = shared
	m.set("b", "2")
	m.metadata = append([]messaging.Field(nil), m.metadata...)
	m.set("a", "3")
	want := []messaging.Field{{Key: "A", Value: "3"}, {Key: "b", Value: "2"}}
	if diff := cmp.Diff(want, m.metadata); diff != "" || shared[0].Value != "1" {
		t.Errorf("shared %v, metadata (-want +got):\n%s", shared, diff)
	}
}

// Without a link nothing is granted, and a message that asks for no answer takes none.
func TestNothingGranted(t *testing.T) {
	s := NewState(Options{})
	var e *Error
	if _, err := s.ClientConnect(nil, ""); !errors.As(err, &e) || e.Tag != ErrorPermissionDenied {
		t.Errorf("connect: %v", err)
	}
	m, err := s.NewMessage(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Reply(nil, &Message{}, m); err != nil || s.bytes != 0 {
		t.Errorf("reply to nobody: %v, %d bytes left", err, s.bytes)
	}
	c := &Client{}
	if err := errors.Join(c.Disconnect(nil), s.Send(nil, c, "a", m)); !errors.As(err, &e) || e.Tag != ErrorConnection {
		t.Errorf("send when disconnected: %v", err)
	}
}
