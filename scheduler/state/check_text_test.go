package state_test

import (
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// The state and the command that changes it judge a text alike: its line breaks count.
func TestCheckText(t *testing.T) {
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{strings.Repeat("x", wire.MaxConfigValue), true},
		{strings.Repeat("x", wire.MaxConfigValue+1), false},
		{strings.Repeat("x\n", wire.MaxConfigValue/2), true},
		{strings.Repeat("\n", wire.MaxConfigValue+1), false},
		{"a\r\n\tb", true},
		{"\x1b[2J", false},
		{"\xff", false},
		{"\uFFFD", false},
	} {
		values := lattice.Config{"key": c.text}
		_, err := state.New("default").With(state.Put(state.Record{Config: &state.Config{Name: "c", Values: values}}))
		command := (&control.PutConfig{Config: "c", Values: values}).Check()
		if (err == nil) != c.ok || (command == nil) != c.ok {
			t.Errorf("%d bytes %.10q: the state says %v, the command %v; want none: %v", len(c.text), c.text, err, command, c.ok)
		}
	}
}
