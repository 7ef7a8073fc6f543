package state_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

func example(t testing.TB) (*state.State, []byte) {
	t.Helper()
	c, p := component("cart", 1, hostID(1), hostID(2))
	e := &state.Entry{At: 1, By: "test", Changes: append(both(c, p), host(1, lattice.HostReady), state.Put(state.Record{Config: &state.Config{Name: "a", Values: lattice.Config{"b": "c"}}}))}
	data, err := state.EncodeEntry(e)
	if err != nil {
		t.Fatal(err)
	}
	return apply(t, state.New("default"), e.Changes...), data
}

// TestFlippedBits flips every bit of an entry and of a snapshot, and cuts them off
// everywhere.
func TestFlippedBits(t *testing.T) {
	s, entry := example(t)
	for name, c := range map[string]struct {
		data []byte
		read func([]byte) error
	}{
		"entry": {entry, func(b []byte) error {
			_, err := state.DecodeEntry(b)
			return err
		}},
		"snapshot": {snapshot(t, s), func(b []byte) error {
			_, err := state.Restore(bytes.NewReader(b))
			return err
		}},
	} {
		if err := c.read(c.data); err != nil {
			t.Fatal(err)
		}
		for i := range c.data {
			for bit := range 8 {
				bad := bytes.Clone(c.data)
				bad[i] ^= 1 << bit
				if err := c.read(bad); !errors.Is(err, lattice.ErrInvalid) {
					t.Fatalf("%s: bit %d of byte %d: %v", name, bit, i, err)
				}
			}
			if err := c.read(c.data[:i]); !errors.Is(err, lattice.ErrInvalid) {
				t.Fatalf("%s cut off at %d: %v", name, i, err)
			}
		}
	}
}

func TestRestoreStops(t *testing.T) {
	s, _ := example(t)
	r := bytes.NewReader(append(snapshot(t, s), "more"...))
	if _, err := state.Restore(r); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(r); string(rest) != "more" || err != nil {
		t.Errorf("left after a snapshot: %q, %v", rest, err)
	}
}

func TestSnapshotWriter(t *testing.T) {
	s, _ := example(t)
	full := errors.New("full")
	if err := s.Snapshot(failing{full}); !errors.Is(err, full) {
		t.Errorf("snapshot to a full disk: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestLargeEntry(t *testing.T) {
	e := &state.Entry{Changes: []state.Change{state.Put(state.Record{Manifest: &state.Manifest{App: "a", Number: 1, Text: string(make([]byte, state.MaxEntry))}})}}
	if _, err := state.EncodeEntry(e); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("a large entry: %v", err)
	}
	if _, err := state.DecodeEntry(make([]byte, state.MaxEntry+1)); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("a large entry: %v", err)
	}
}

// sealed gives text the head of an entry, so that fuzzing comes past the checksum.
func sealed(text []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{1}, crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)))
	return append(b, text...)
}

func FuzzDecodeEntry(f *testing.F) {
	_, entry := example(f)
	f.Add(entry[5:])
	f.Add([]byte(`{"base":1,"at":0,"changes":[{"key":"config.a"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := state.DecodeEntry(sealed(text))
		if err != nil {
			if !errors.Is(err, lattice.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		s := state.New("default")
		next, err := s.Apply(lattice.Stamp{Term: 1, Index: 1}, e)
		if err != nil {
			if next != s {
				t.Fatal("a refused entry has another state")
			}
			return
		}
		data := snapshot(t, next)
		again, err := state.Restore(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, snapshot(t, again)) {
			t.Fatal("the snapshot of the restored state is another")
		}
		for h := range next.Everything().Hosts {
			next.Desired(h)
		}
		for id := range next.Everything().Components {
			next.Assignment(id)
		}
	})
}

// FuzzRestore reads snapshots whose checksum is right, whatever they say.
func FuzzRestore(f *testing.F) {
	s, _ := example(f)
	for _, s := range []*state.State{s, state.New("default")} {
		data := snapshot(f, s)
		f.Add(data[:len(data)-sha256.Size])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sum := sha256.Sum256(data)
		s, err := state.Restore(bytes.NewReader(append(slices.Clip(data), sum[:]...)))
		if err != nil {
			if !errors.Is(err, lattice.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		// What it says in other words is the same state.
		first := snapshot(t, s)
		again, err := state.Restore(bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, snapshot(t, again)) {
			t.Fatal("the snapshot of the restored state is another")
		}
	})
}
