package lead_test

import (
	"slices"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// A document that was written is looked for until a watch has given it, and written anew if
// it is not there.
func TestUnseen(t *testing.T) {
	const now, later, last = 1, 10_000, 20_000
	s, err := state.New(lattice.DefaultName).Apply(lattice.Stamp{Term: 1, Index: 1}, &state.Entry{
		Changes: []state.Change{state.Put(state.Record{Config: &state.Config{Name: "c", Values: lattice.Config{"a": "b"}}})},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := lead.Doc{Bucket: lead.Configs, Key: "c"}
	write := func(t *testing.T, l *lead.Leader, revision uint64, during func(value []byte)) []byte {
		t.Helper()
		w, err := l.Write(d)
		if err != nil || w == nil {
			t.Fatalf("it is not to be written: %v", err)
		}
		during(w.Value)
		l.Wrote(w, revision)
		return w.Value
	}
	wanted := func(t *testing.T, l *lead.Leader, now int64, want ...lead.Doc) {
		t.Helper()
		if docs, _ := l.Unseen(now); !slices.Equal(docs, want) {
			t.Errorf("at %d are looked for %v, want %v", now, docs, want)
		}
	}
	for name, test := range map[string]func(*testing.T, *lead.Leader){
		"given after it was written": func(t *testing.T, l *lead.Leader) {
			value := write(t, l, 7, func([]byte) {})
			l.Saw(d, value, 7, false)
			wanted(t, l, now)
			wanted(t, l, later)
		},
		"given before that was known": func(t *testing.T, l *lead.Leader) {
			write(t, l, 7, func(value []byte) { l.Saw(d, value, 7, false) })
			wanted(t, l, now)
			wanted(t, l, later)
		},
		"an older one is given": func(t *testing.T, l *lead.Leader) {
			write(t, l, 7, func([]byte) {})
			wanted(t, l, now)
			l.Saw(d, nil, 6, false)
			wanted(t, l, later, d)
		},
		"found where it should be": func(t *testing.T, l *lead.Leader) {
			value := write(t, l, 7, func([]byte) {})
			wanted(t, l, now)
			wanted(t, l, later, d)
			if l.Looked(d, value, 7, false) {
				t.Error("it is news")
			}
			wanted(t, l, last, d) // as it may be lost before a watch gives it
		},
		"found gone": func(t *testing.T, l *lead.Leader) {
			write(t, l, 7, func([]byte) {})
			wanted(t, l, now)
			wanted(t, l, later, d)
			l.Looked(d, nil, 0, true)
			value := write(t, l, 2, func([]byte) {})
			l.Saw(d, value, 2, false)
			wanted(t, l, last)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := lead.New(lead.Options{Term: 1}, 0, s)
			if err := l.Begin(); err != nil {
				t.Fatal(err)
			}
			test(t, l)
		})
	}
}
