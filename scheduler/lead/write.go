package lead

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// ErrAhead says that a document of a scheduler is there whose stamp is not older than the
// state's. The next round leaps over it.
var ErrAhead = errors.New("the document is newer than the state")

// ErrHeld says that a document is not to be written before that of a component, which
// could not be. It stays due.
var ErrHeld = errors.New("callers are not told yet where else it is")

// Write is how a document is to be replaced.
type Write struct {
	Doc
	// Value is the document, not signed.
	Value []byte
	// Revision is that of the value that it replaces, zero if there is none.
	Revision uint64
	// Delete has the key be deleted.
	Delete bool

	seq uint64 // of the state that it follows from
	// newer is the revision that was seen of the document last while this was on its way,
	// and gone says that it was deleted by then.
	newer uint64
	gone  bool
}

// Due returns the documents that may have to be written, in phases: a phase begins when
// the one before it is done, and within one the order does not matter.
func (l *Leader) Due() [][]Doc {
	if l.dirty.Empty() {
		// To go through a map costs as much as it ever held, which may have been everything.
		l.dirty = state.NewReach()
		return nil
	}
	var gain, middle, lose []Doc
	for _, id := range slices.Sorted(maps.Keys(l.dirty.Hosts)) {
		d := Doc{Desired, string(id)}
		if gains, loses := l.differs(l.state.Desired(id)); gains && len(loses) == 0 {
			gain = append(gain, d)
		} else {
			lose = append(lose, d)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.dirty.Components)) {
		middle = append(middle, Doc{Components, string(id)})
	}
	for _, key := range slices.Sorted(maps.Keys(l.dirty.Links)) {
		middle = append(middle, Doc{Links, key})
	}
	for _, name := range slices.Sorted(maps.Keys(l.dirty.Configs)) {
		middle = append(middle, Doc{Configs, string(name)})
	}
	var phases [][]Doc
	for _, phase := range [][]Doc{gain, middle, lose} {
		if len(phase) > 0 {
			phases = append(phases, phase)
		}
	}
	return phases
}

// differs reports whether a host is to run something that it was not told yet, and which
// components it was told that it is not to run any more.
func (l *Leader) differs(want *lattice.Desired) (gains bool, loses []lattice.ComponentID) {
	ends := want.State == lattice.HostDrained || want.State == lattice.HostStopped
	told := l.shelf.at(Doc{Desired, string(want.Host)}).value
	if told == nil {
		return !ends, nil
	}
	// When a lead begins, nearly all are as they were.
	if value, err := wire.EncodeDesired(want); err == nil {
		if _, same := stampedAs(told, value, want.Stamp); same {
			return false, nil
		}
	}
	have, err := wire.DecodeDesired(told, l.name, want.Host)
	if err != nil {
		return !ends, nil
	}
	gains = have.State != want.State
	specs := make(map[lattice.ComponentID]*lattice.ComponentSpec, len(have.Components))
	for i := range have.Components {
		specs[have.Components[i].ID] = &have.Components[i]
	}
	for i := range want.Components {
		spec := &want.Components[i]
		old := specs[spec.ID]
		gains = gains || old == nil || !reflect.DeepEqual(old, spec) && !sameSpec(old, spec)
		delete(specs, spec.ID)
	}
	return gains && !ends, slices.Sorted(maps.Keys(specs))
}

// held returns ErrHeld if callers are not told yet where else a component is that a host
// is to lose: until then they may know of no other one. A host that is to be stopped is told
// so at once.
func (l *Leader) held(want *lattice.Desired) error {
	if len(l.dirty.Components) == 0 || want.State == lattice.HostStopped {
		return nil // as nearly always
	}
	_, loses := l.differs(want)
	for _, id := range loses {
		if l.dirty.Components[id] && l.state.Component(id) != nil {
			return fmt.Errorf("host %s is to lose component %q: %w", want.Host, id, ErrHeld)
		}
	}
	return nil
}

// sameSpec compares specs as documents have them: nothing in a list or map is the same
// as none.
func sameSpec(a, b *lattice.ComponentSpec) bool {
	x, errX := wire.EncodeObject("spec", a, wire.MaxDocument)
	y, errY := wire.EncodeObject("spec", b, wire.MaxDocument)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// Write returns how a document is to be replaced, or nil if it is as it should be: then
// it is not due any more. The error is ErrAhead, or says that there is no such document.
func (l *Leader) Write(d Doc) (*Write, error) {
	var w *Write
	var err error
	switch d.Bucket {
	case Desired:
		w, err = l.desired(d)
	case Components:
		w, err = l.assignment(d)
	case Links:
		w, err = l.plain(d, func() ([]byte, error) {
			if link := l.state.LinkDocument(d.Key); link != nil {
				return wire.EncodeLink(link)
			}
			return nil, nil
		})
	default:
		w, err = l.plain(d, func() ([]byte, error) {
			if c := l.state.Config(lattice.ConfigName(d.Key)); c != nil {
				return wire.EncodeConfig(c.Values)
			}
			return nil, nil
		})
	}
	switch {
	case err == nil && w == nil:
		l.clean(d)
	case err == nil:
		l.writing[d] = w
	}
	if errors.Is(err, ErrAhead) {
		l.ahead = true
	}
	return w, err
}

// Wrote says that a document was written as Write had it, and has a revision.
func (l *Leader) Wrote(w *Write, revision uint64) {
	delete(l.writing, w.Doc)
	if !w.Delete && w.newer > revision || w.Delete && w.newer > 0 && !w.gone {
		return // somebody has written since, which was seen already: it is due still
	}
	delete(l.unseen, w.Doc)
	if !w.Delete && w.newer < revision {
		l.unseen[w.Doc] = unseen{revision: revision}
	}
	l.shelf.observe(w.Doc, seen{revision: revision, value: w.Value, gone: w.Delete})
	if w.seq == l.state.Seq { // or something else may be due by now
		l.clean(w.Doc)
	}
}

func (l *Leader) clean(d Doc) {
	switch d.Bucket {
	case Desired:
		delete(l.dirty.Hosts, lattice.HostID(d.Key))
	case Components:
		delete(l.dirty.Components, lattice.ComponentID(d.Key))
	case Links:
		delete(l.dirty.Links, d.Key)
	default:
		delete(l.dirty.Configs, lattice.ConfigName(d.Key))
	}
}

// replace writes a value over what was seen.
func (l *Leader) replace(d Doc, value []byte) *Write {
	w := &Write{Doc: d, Value: value, seq: l.state.Seq}
	if !l.shelf.absent(d) {
		w.Revision = l.shelf.at(d).revision
	}
	return w
}

// remove deletes a document, if there is one.
func (l *Leader) remove(d Doc) *Write {
	if l.shelf.absent(d) {
		return nil
	}
	return &Write{Doc: d, Revision: l.shelf.at(d).revision, Delete: true, seq: l.state.Seq}
}

func (l *Leader) desired(d Doc) (*Write, error) {
	id := lattice.HostID(d.Key)
	have := l.shelf.at(d)
	want := l.state.Desired(id)
	if l.state.Host(id) == nil && len(want.Components) == 0 && have.value == nil && !l.wasTold(id) {
		// It was never told anything. What lies there is no document.
		return l.remove(d), nil
	}
	value, err := wire.EncodeDesired(want)
	if err != nil {
		return nil, fmt.Errorf("host %s: %w", id, err)
	}
	told := lattice.Stamp{}
	if h := l.hosts[id]; h != nil {
		told = h.told
	}
	stamp, same := stampedAs(have.value, value, want.Stamp)
	if !same {
		if old, err := wire.DecodeDesired(have.value, l.name, id); err == nil {
			stamp, old.Stamp = old.Stamp, want.Stamp
			again, err := wire.EncodeDesired(old)
			same = err == nil && bytes.Equal(again, value)
		}
	}
	if same && stamp.Compare(told) >= 0 {
		l.rec.Told(id, stamp, want.Stamp)
		return nil, nil
	}
	if have.value != nil && leapable(stamp) && stamp.Compare(want.Stamp) >= 0 || told.Compare(want.Stamp) > 0 {
		return nil, fmt.Errorf("host %s: %w", id, ErrAhead)
	}
	if err := l.held(want); err != nil {
		return nil, err
	}
	return l.replace(d, value), nil
}

// leapable reports whether stamps can leap over one. A scheduler that does as it should
// writes no other: it is replaced like what is no document.
func leapable(stamp lattice.Stamp) bool { return stamp.Term < maxTerm }

// wasTold reports whether a host says that it was told something. Its document may have
// been lost since, and it runs what that said.
func (l *Leader) wasTold(id lattice.HostID) bool {
	h := l.hosts[id]
	return h != nil && h.report.Applied != (lattice.Stamp{}) && !l.blank()
}

func (l *Leader) assignment(d Doc) (*Write, error) {
	id := lattice.ComponentID(d.Key)
	want := l.state.Assignment(id)
	if want == nil {
		// What a newer leader has written is not for one to delete that was deposed.
		if have, err := wire.DecodeAssignment(l.shelf.at(d).value, id); err == nil && have.Stamp.Compare(l.state.Stamp) > 0 {
			return nil, fmt.Errorf("component %q: %w", id, ErrAhead)
		}
		return l.remove(d), nil
	}
	value, err := wire.EncodeAssignment(want)
	if err != nil {
		return nil, fmt.Errorf("component %q: %w", id, err)
	}
	if _, same := stampedAs(l.shelf.at(d).value, value, want.Stamp); same {
		return nil, nil
	}
	if have, err := wire.DecodeAssignment(l.shelf.at(d).value, id); err == nil {
		stamp := have.Stamp
		have.Stamp = want.Stamp
		again, err := wire.EncodeAssignment(have)
		if err == nil && bytes.Equal(again, value) {
			return nil, nil
		}
		if leapable(stamp) && stamp.Compare(want.Stamp) >= 0 {
			return nil, fmt.Errorf("component %q: %w", id, ErrAhead)
		}
	}
	return l.replace(d, value), nil
}

// stampedAs reports whether a document has the text of another one but for the stamp, and
// which that is. Most documents that may be due are as they were written, and this is
// much less work than to read them. It may say no where the two mean the same.
func stampedAs(have, want []byte, stamp lattice.Stamp) (lattice.Stamp, bool) {
	// In the text of a document no other member can look like it: the quotes of texts are
	// escaped, and before it there are only names.
	const member = `"stamp":`
	text, err := json.Marshal(stamp)
	if err != nil {
		return lattice.Stamp{}, false
	}
	before, after, found := bytes.Cut(want, append([]byte(member), text...))
	if !found || len(have) < len(before)+len(after) || !bytes.HasPrefix(have, before) || !bytes.HasSuffix(have, after) {
		return lattice.Stamp{}, false
	}
	text, found = bytes.CutPrefix(have[len(before):len(have)-len(after)], []byte(member))
	var other lattice.Stamp
	if !found || wire.DecodeObject("stamp", text, maxStamp, &other) != nil {
		return lattice.Stamp{}, false
	}
	return other, true
}

// stampIn returns the stamp in the text of a document, if it is where it is written.
func stampIn(value []byte) (stamp lattice.Stamp, ok bool) {
	_, text, found := bytes.Cut(value, []byte(`"stamp":`))
	end := bytes.IndexByte(text, '}')
	if !found || end < 0 || wire.DecodeObject("stamp", text[:end+1], maxStamp, &stamp) != nil {
		return lattice.Stamp{}, false
	}
	return stamp, true
}

// maxStamp bounds the text of a stamp, in bytes.
const maxStamp = 128

// plain writes a document without a stamp. One that does not follow from the state is
// deleted.
func (l *Leader) plain(d Doc, encode func() ([]byte, error)) (*Write, error) {
	value, err := encode()
	if err != nil {
		return nil, err
	}
	if value == nil {
		return l.remove(d), nil
	}
	if have := l.shelf.at(d); have.value != nil && bytes.Equal(have.value, value) {
		return nil, nil
	}
	return l.replace(d, value), nil
}
