package lead_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// A document that differs from what follows from the state by its stamp alone is as it
// should be. Any other difference has it be written anew.
func TestWriteOnlyWhatDiffers(t *testing.T) {
	host := lattice.HostID("N" + strings.Repeat("A", 55))
	old, now := lattice.Stamp{Term: 1, Index: 3}, lattice.Stamp{Term: 2, Index: 40}
	s, err := state.New(lattice.DefaultName).Apply(now, &state.Entry{Changes: []state.Change{
		state.Put(state.Record{Component: &state.Component{
			ID: "hello", Target: 1, Rules: lattice.Rules{Mode: lattice.ModeSpread, Instances: 1},
			Revisions: []state.Revision{{Number: 1, Ref: "hello:1", Digest: "sha256:" + strings.Repeat("0", 64)}},
		}}),
		state.Put(state.Record{Placements: &state.Placements{
			Component: "hello", Hosts: []state.Placement{{Host: host, Revision: 1, Instances: 1, Why: "it is the only one"}},
		}}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	desired, assignment := s.Desired(host), s.Assignment("hello")
	desired.Stamp, assignment.Stamp = old, old
	told, err := wire.EncodeDesired(desired)
	if err != nil {
		t.Fatal(err)
	}
	assigned, err := wire.EncodeAssignment(assignment)
	if err != nil {
		t.Fatal(err)
	}
	replaced := func(data []byte, before, after string) []byte {
		if !bytes.Contains(data, []byte(before)) {
			t.Fatalf("%s is not in %s", before, data)
		}
		return bytes.Replace(data, []byte(before), []byte(after), 1)
	}
	onHost, ofComponent := lead.Doc{Bucket: lead.Desired, Key: string(host)}, lead.Doc{Bucket: lead.Components, Key: "hello"}
	for name, tt := range map[string]struct {
		doc    lead.Doc
		have   []byte
		writes bool
	}{
		"host, another stamp":               {onHost, told, false},
		"host, with blanks":                 {onHost, replaced(told, `"stamp":`, `"stamp": `), false},
		"host, another instance":            {onHost, replaced(told, `"max_instances":1`, `"max_instances":2`), true},
		"host, a stamp that is none":        {onHost, replaced(told, `"index":3`, `"index":-3`), true},
		"host, a stamp with more in it":     {onHost, replaced(told, `"index":3`, `"index":3},"labels":{"a":"b"`), true},
		"host, no document":                 {onHost, nil, true},
		"component, another stamp":          {ofComponent, assigned, false},
		"component, another ref":            {ofComponent, replaced(assigned, "hello:1", "hello:2"), true},
		"component, an index that is twice": {ofComponent, replaced(assigned, `"index":3`, `"index":3,"index":4`), true},
	} {
		t.Run(name, func(t *testing.T) {
			l := lead.New(lead.Options{Term: 2}, 0, s)
			l.Saw(tt.doc, tt.have, 7, tt.have == nil)
			w, err := l.Write(tt.doc)
			if err != nil {
				t.Fatal(err)
			}
			if got := w != nil; got != tt.writes {
				t.Errorf("it is written: %v, want %v: %s", got, tt.writes, tt.have)
			}
		})
	}
}

// A host does not lose a component before callers are told where else it is: as long as
// the document of the component cannot be written, that of the host is held back.
func TestHeld(t *testing.T) {
	a, b := lattice.HostID("N"+strings.Repeat("A", 55)), lattice.HostID("N"+strings.Repeat("A", 54)+"B")
	placed := func(hosts ...lattice.HostID) state.Change {
		p := &state.Placements{Component: "hello"}
		for _, h := range hosts {
			p.Hosts = append(p.Hosts, state.Placement{Host: h, Revision: 1, Instances: 1, Why: "it is free"})
		}
		return state.Put(state.Record{Placements: p})
	}
	s, err := state.New(lattice.DefaultName).Apply(lattice.Stamp{Term: 1, Index: 1}, &state.Entry{Changes: []state.Change{
		state.Put(state.Record{Component: &state.Component{
			ID: "hello", Target: 1, Rules: lattice.Rules{Mode: lattice.ModeSpread, Instances: 1},
			Revisions: []state.Revision{{Number: 1, Ref: "hello:1", Digest: "sha256:" + strings.Repeat("0", 64)}},
		}}), placed(a, b),
	}})
	if err != nil {
		t.Fatal(err)
	}
	told, err := wire.EncodeDesired(s.Desired(a))
	if err != nil {
		t.Fatal(err)
	}
	onHost, ofComponent := lead.Doc{Bucket: lead.Desired, Key: string(a)}, lead.Doc{Bucket: lead.Components, Key: "hello"}
	for name, tt := range map[string]struct {
		wish lattice.HostState
		want error
	}{
		"is ready":       {lattice.HostReady, lead.ErrHeld},
		"is drained":     {lattice.HostDrained, lead.ErrHeld},
		"is to stop":     {lattice.HostStopped, nil},
		"component gone": {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			change := placed(b)
			changes := []state.Change{change}
			if tt.wish == "" { // the component itself is gone
				changes = []state.Change{state.Delete(state.PlacementsKey("hello")), state.Delete(state.ComponentKey("hello"))}
			} else {
				changes = append(changes, state.Put(state.Record{Host: &state.Host{ID: a, State: tt.wish}}))
			}
			now, err := s.Apply(lattice.Stamp{Term: 1, Index: 2}, &state.Entry{Base: s.Seq, Changes: changes})
			if err != nil {
				t.Fatal(err)
			}
			l := lead.New(lead.Options{Term: 1}, 0, now)
			l.Saw(onHost, told, 7, false)
			if _, err := l.Write(onHost); !errors.Is(err, tt.want) {
				t.Errorf("the error is %v, want %v", err, tt.want)
			}
			w, err := l.Write(ofComponent)
			if err != nil {
				t.Fatal(err)
			}
			if w != nil {
				l.Wrote(w, 8)
			}
			if w, err := l.Write(onHost); err != nil || w == nil {
				t.Errorf("when callers are told it is written: %v, %v", w != nil, err)
			}
		})
	}
}
