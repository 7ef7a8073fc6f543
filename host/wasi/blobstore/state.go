package blobstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/providers/blobstore"
)

// DefaultStore is the name of the store whose containers need no name of a store.
const DefaultStore = "default"

const (
	// maxOpen is how many values an instance reads and writes at once.
	maxOpen = 64
	// maxSync is how many bytes a value may have that is read at once.
	maxSync = 32 << 20
	// maxKept is how many bytes all outgoing values keep before they are given to a
	// container.
	maxKept = 16 << 20
	// buffer is how many bytes wait between a guest and a store.
	buffer = 128 << 10
)

// Options say what an instance is given. The zero value gives it no store.
type Options struct {
	// Stores are the stores, by the names of links. They are shared with others and not
	// closed here.
	Stores map[string]blobstore.Store
	// Failed, if it is set, is told what went wrong with a store, in any goroutine.
	Failed func(name string, err error)
}

// State is what an instance has of wasi:blobstore.
type State struct {
	opts   Options
	chosen func() string
	// open counts the values that are read or written.
	open int
	kept kept
}

// NewState returns the state of an instance. chosen returns the name of the link that
// the guest chose to be the default one; it may be nil.
func NewState(o Options, chosen func() string) *State { return &State{opts: o, chosen: chosen} }

// place is a container in a store.
type place struct {
	state *State
	// link is the store's name.
	link  string
	store blobstore.Store
	// name is the container's in the store, and full the one that the guest uses.
	name, full string
}

// place finds the store of a container.
func (s *State) place(full string) (*place, error) {
	if link, name, ok := strings.Cut(full, "/"); ok && link != DefaultStore {
		if store := s.opts.Stores[link]; store != nil {
			return &place{s, link, store, name, full}, nil
		}
	}
	link := DefaultStore
	if s.chosen != nil {
		link = s.chosen()
	}
	store := s.opts.Stores[link]
	if store == nil && len(s.opts.Stores) == 1 && link == DefaultStore {
		for link, store = range s.opts.Stores {
			break
		}
	}
	if store == nil {
		return nil, fault("the component is linked to no store")
	}
	return &place{s, link, store, full, full}, nil
}

// fail returns an error of the store as the guest is told. That of a context, which
// ends the guest, stays what it is.
func (p *place) fail(err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*blobstore.Error](err)
	if !ok {
		return err
	}
	if p.state.opts.Failed != nil && e.Fault() {
		p.state.opts.Failed(p.link, e)
	}
	return fault("%s", e.Public())
}

func fault(format string, args ...any) error {
	return &StringError{Value: fmt.Sprintf(format, args...)}
}

func (p *place) id(object string) blobstore.ID {
	return blobstore.ID{Container: p.name, Object: object}
}
