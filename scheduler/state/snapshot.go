package state

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// A snapshot is magic, then frames, then the SHA-256 of all that was before. A frame
// is its length in four bytes, little end first, and JSON: first a snapshotHead, then the
// records as changes, by kind and by key. A frame of length zero is the last.
const magic = "wattle state 1\n"

// MaxRecords is how many records a snapshot has.
const MaxRecords = 1 << 23

type snapshotHead struct {
	Seq   uint64        `json:"seq"`
	Stamp lattice.Stamp `json:"stamp"`
	Meta  *Meta         `json:"meta"`
}

// Snapshot writes the state. The same state is the same bytes.
func (s *State) Snapshot(w io.Writer) error {
	b := bufio.NewWriterSize(w, 64<<10)
	out := &snapshotWriter{w: b, sum: sha256.New()}
	out.write([]byte(magic))
	out.frame(&snapshotHead{s.Seq, s.Stamp, s.meta})
	for c := range s.records {
		out.frame(c)
		if out.err != nil {
			return out.err
		}
	}
	out.write(make([]byte, 4))
	out.write(out.sum.Sum(nil))
	return errors.Join(out.err, b.Flush())
}

// records calls yield with every record but the Meta, in the order of a snapshot.
func (s *State) records(yield func(*Change) bool) {
	_ = each(&s.apps, yield, func(v *App) Record { return Record{App: v} }) &&
		each(&s.manifests, yield, func(v *Manifest) Record { return Record{Manifest: v} }) &&
		each(&s.components, yield, func(v *Component) Record { return Record{Component: v} }) &&
		each(&s.placements, yield, func(v *Placements) Record { return Record{Placements: v} }) &&
		each(&s.providers, yield, func(v *Provider) Record { return Record{Provider: v} }) &&
		each(&s.links, yield, func(v *Link) Record { return Record{Link: v} }) &&
		each(&s.configs, yield, func(v *Config) Record { return Record{Config: v} }) &&
		each(&s.secrets, yield, func(v *Secret) Record { return Record{Secret: v} }) &&
		each(&s.hosts, yield, func(v *Host) Record { return Record{Host: v} }) &&
		each(&s.refs, yield, func(v *Ref) Record { return Record{Ref: v} })
}

func each[V any](t *table[V], yield func(*Change) bool, of func(V) Record) bool {
	for v := range t.all() {
		c := Put(of(v))
		if !yield(&c) {
			return false
		}
	}
	return true
}

// snapshotWriter keeps the first error.
type snapshotWriter struct {
	w   io.Writer
	sum hash.Hash
	err error
}

func (w *snapshotWriter) write(data []byte) {
	if w.err != nil {
		return
	}
	w.sum.Write(data)
	_, w.err = w.w.Write(data)
}

func (w *snapshotWriter) frame(v any) {
	data, err := wire.EncodeObject("snapshot", v, MaxEntry)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.write(binary.LittleEndian.AppendUint32(nil, uint32(len(data)))) //nolint:gosec // bounded by MaxEntry
	w.write(data)
}

// Restore reads a state from a snapshot, and no further than its end. One that is
// damaged, or that no state may have, is lattice.ErrInvalid.
func Restore(r io.Reader) (*State, error) {
	in := &snapshotReader{r: r, sum: sha256.New()}
	head := make([]byte, len(magic))
	if err := in.read(head); err != nil {
		return nil, err
	}
	if string(head) != magic {
		return nil, in.invalid(0, "it is no snapshot that this version of Wattle can read")
	}
	var first snapshotHead
	if at, data, err := in.frame(); err != nil {
		return nil, err
	} else if err := decode("snapshot", data, MaxEntry, &first); err != nil {
		return nil, in.wrap(at, err)
	}
	if err := first.check(); err != nil {
		return nil, in.wrap(int64(len(magic)), err)
	}
	s := &State{Seq: first.Seq, Stamp: first.Stamp, meta: first.Meta}
	last := position{}
	names := reasons{}
	for n := 0; ; n++ {
		at, data, err := in.frame()
		if err != nil {
			return nil, err
		}
		if len(data) == 0 {
			break
		}
		if n == MaxRecords {
			return nil, in.invalid(at, "more than %d records", MaxRecords)
		}
		c := new(Change)
		if err := decode("snapshot", data, MaxEntry, c); err != nil {
			return nil, in.wrap(at, err)
		}
		if err := c.check(); err != nil {
			return nil, in.wrap(at, err)
		}
		here := positionOf(c.Key)
		if c.Record == (Record{}) || here.kind == 0 || !last.before(here) {
			return nil, in.invalid(at, "record %.300q does not belong there", c.Key)
		}
		last = here
		names.share(&c.Record)
		s.put(c)
	}
	want := in.sum.Sum(nil)
	have := make([]byte, len(want))
	if err := in.read(have); err != nil {
		return nil, err
	}
	if !bytes.Equal(want, have) {
		return nil, in.invalid(in.at, "it is damaged, its checksum is another")
	}
	if err := s.checkAll(); err != nil {
		return nil, in.wrap(in.at, err)
	}
	return s, nil
}

func (h *snapshotHead) check() error {
	if h.Meta == nil {
		return invalid("head: it says nothing of the lattice")
	}
	return (&Record{Meta: h.Meta}).check()
}

// position is where a record is in a snapshot.
type position struct {
	kind int
	name string
}

func positionOf(k Key) position {
	p := position{name: k.Name()}
	for i, kind := range []Kind{
		KindApp, KindManifest, KindComponent, KindPlacements, KindProvider, KindLink, KindConfig, KindSecret, KindHost, KindRef,
	} {
		if kind == k.Kind() {
			p.kind = i + 1
		}
	}
	return p
}

func (p position) before(q position) bool {
	return p.kind < q.kind || p.kind == q.kind && p.name < q.name
}

// snapshotReader counts and sums up what it reads.
type snapshotReader struct {
	r   io.Reader
	sum hash.Hash
	at  int64
	buf bytes.Buffer
}

func (r *snapshotReader) read(data []byte) error {
	n, err := io.ReadFull(r.r, data)
	r.at += int64(n)
	if err != nil {
		return r.broken(err)
	}
	r.sum.Write(data)
	return nil
}

// frame returns the next frame and where it begins. Its bytes are good until the next
// call.
func (r *snapshotReader) frame() (at int64, data []byte, err error) {
	at = r.at
	var head [4]byte
	if err := r.read(head[:]); err != nil {
		return at, nil, err
	}
	size := binary.LittleEndian.Uint32(head[:])
	if size > MaxEntry {
		return at, nil, r.invalid(at, "a record of %d bytes, the limit is %d", size, MaxEntry)
	}
	// Memory grows with what is there, and not with what the length says.
	r.buf.Reset()
	n, err := io.CopyN(&r.buf, r.r, int64(size))
	r.at += n
	if err != nil {
		return at, nil, r.broken(err)
	}
	r.sum.Write(r.buf.Bytes())
	return at, r.buf.Bytes(), nil
}

func (r *snapshotReader) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.invalid(r.at, "it ends too early")
	}
	return fmt.Errorf("snapshot at byte %d: %w", r.at, err)
}

func (r *snapshotReader) invalid(at int64, format string, args ...any) error {
	return r.wrap(at, invalid(format, args...))
}

func (r *snapshotReader) wrap(at int64, err error) error {
	return fmt.Errorf("snapshot at byte %d: %w", at, err)
}
