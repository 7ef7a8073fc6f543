package keyvalue

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/keyvalue"
)

// DefaultStore is the name of the store that an identifier without a name means.
const DefaultStore = "default"

// The bounds of what handles of cas keep.
const (
	maxCas      = 1 << 10
	maxCasBytes = 16 << 20
)

// Options say what an instance is given. The zero value gives it no store.
type Options struct {
	// Stores are what can be opened, by identifiers. They are shared with others and
	// not closed here.
	Stores map[string]keyvalue.Store
	// Failed, if it is set, is told what went wrong with a store, in any goroutine.
	Failed func(identifier string, err error)
}

// State is what an instance has of wasi:keyvalue.
type State struct {
	opts   Options
	chosen func() string
	// cas and casBytes count the handles of cas, and the bytes that they keep.
	cas, casBytes int
}

// NewState returns the state of an instance. chosen returns the name of the link that
// the guest chose to be the default one; it may be nil.
func NewState(o Options, chosen func() string) *State { return &State{opts: o, chosen: chosen} }

// Bucket is resource bucket of wasi:keyvalue/store.
type Bucket struct {
	state      *State
	identifier string
	store      keyvalue.Store
}

// Open implements Store.
func (s *State) Open(_ *component.Call, identifier string) (*Bucket, error) {
	named := identifier != "" && identifier != DefaultStore
	if !named {
		identifier = DefaultStore
		if s.chosen != nil {
			identifier = s.chosen()
		}
	}
	store := s.opts.Stores[identifier]
	if store == nil && !named && identifier == DefaultStore && len(s.opts.Stores) == 1 {
		for identifier, store = range s.opts.Stores {
			break
		}
	}
	if store == nil {
		return nil, &Error{Tag: ErrorNoSuchStore}
	}
	return &Bucket{s, identifier, store}, nil
}

// fail returns an error of the store as the guest is told. That of a context, which
// ends the guest, stays what it is.
func (b *Bucket) fail(err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*keyvalue.Error](err)
	if !ok {
		return err
	}
	if b.state.opts.Failed != nil && e.Fault() {
		b.state.opts.Failed(b.identifier, e)
	}
	if e.Kind == keyvalue.Denied {
		return &Error{Tag: ErrorAccessDenied}
	}
	return other("%s", e.Public())
}

func other(format string, args ...any) *Error {
	return &Error{Tag: ErrorOther, Other: fmt.Sprintf(format, args...)}
}
