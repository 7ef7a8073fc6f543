package filesystem

import (
	"context"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/host/component"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
)

// DirectoryEntryStream is the resource
// wasi:filesystem/types.directory-entry-stream.
type DirectoryEntryStream struct {
	state   *State
	entries provider.Entries
}

// ReadDirectory implements descriptor.read-directory.
func (d *Descriptor) ReadDirectory(c *component.Call) (*DirectoryEntryStream, error) {
	dir, err := d.needDir(c)
	if err != nil {
		return nil, err
	}
	if err := d.state.acquire(); err != nil {
		return nil, err
	}
	entries, err := dir.Entries()
	if err != nil {
		d.state.release()
		return nil, errorCode(err)
	}
	return &DirectoryEntryStream{state: d.state, entries: entries}, nil
}

// ReadDirectoryEntry implements directory-entry-stream.read-directory-entry. A
// name that is not UTF-8 is an error; the next call goes on after it.
func (s *DirectoryEntryStream) ReadDirectoryEntry(*component.Call) (component.Option[DirectoryEntry], error) {
	entry, err := s.entries.Next()
	switch {
	case errors.Is(err, io.EOF):
		return component.Option[DirectoryEntry]{}, nil
	case err != nil:
		return component.Option[DirectoryEntry]{}, errorCode(err)
	case !utf8.ValidString(entry.Name):
		return component.Option[DirectoryEntry]{}, ErrorCodeIllegalByteSequence
	}
	return component.Some(DirectoryEntry{Type: descriptorTypes[entry.Type], Name: entry.Name}), nil
}

// Drop implements component.Dropper.
func (s *DirectoryEntryStream) Drop(context.Context) {
	s.state.release()
	_ = s.entries.Close() // it was only read
}
