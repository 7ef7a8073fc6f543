package blobstore

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/blobstore"
)

// CreateContainer implements Blobstore.
func (s *State) CreateContainer(c *component.Call, name ContainerName) (*Container, error) {
	p, err := s.place(name)
	if err != nil {
		return nil, err
	}
	if err := p.store.CreateContainer(c.Context(), p.name); err != nil {
		return nil, p.fail(err)
	}
	return &Container{p}, nil
}

// GetContainer implements Blobstore.
func (s *State) GetContainer(c *component.Call, name ContainerName) (*Container, error) {
	p, err := s.place(name)
	if err != nil {
		return nil, err
	}
	if _, err := p.store.Container(c.Context(), p.name); err != nil {
		return nil, p.fail(err)
	}
	return &Container{p}, nil
}

// DeleteContainer implements Blobstore.
func (s *State) DeleteContainer(c *component.Call, name ContainerName) error {
	p, err := s.place(name)
	if err != nil {
		return err
	}
	return p.fail(blobstore.Remove(c.Context(), p.store, p.name))
}

// ContainerExists implements Blobstore.
func (s *State) ContainerExists(c *component.Call, name ContainerName) (bool, error) {
	p, err := s.place(name)
	if err != nil {
		return false, err
	}
	_, err = p.store.Container(c.Context(), p.name)
	if errors.Is(err, blobstore.ErrNoContainer) {
		return false, nil
	}
	return err == nil, p.fail(err)
}

// CopyObject implements Blobstore.
func (s *State) CopyObject(c *component.Call, src, dest ObjectID) error {
	_, err := s.copy(c, src, dest)
	return err
}

// MoveObject implements Blobstore. An object that is moved to where it is stays.
func (s *State) MoveObject(c *component.Call, src, dest ObjectID) error {
	from, err := s.copy(c, src, dest)
	if err != nil || src == dest {
		return err
	}
	return from.fail(from.store.Delete(c.Context(), from.name, src.Object))
}

// copy copies an object and returns the container of the first.
func (s *State) copy(c *component.Call, src, dest ObjectID) (*place, error) {
	from, err := s.place(src.Container)
	if err != nil {
		return nil, err
	}
	to, err := s.place(dest.Container)
	if err != nil {
		return nil, err
	}
	if from.link == to.link {
		return from, from.fail(from.store.Copy(c.Context(), from.id(src.Object), to.id(dest.Object)))
	}
	r, err := from.store.Open(c.Context(), from.id(src.Object), blobstore.All)
	if err != nil {
		return nil, from.fail(err)
	}
	defer func() { _ = r.Close() }() // it was only read
	return from, to.fail(to.store.Put(c.Context(), to.id(dest.Object), r))
}
