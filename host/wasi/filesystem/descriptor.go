package filesystem

import (
	"context"
	"math"

	"github.com/wattle-dev/wattle/host/component"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
)

// Descriptor is the resource wasi:filesystem/types.descriptor: an open directory
// or an open file.
type Descriptor struct {
	state *State
	dir   provider.Dir // or nil
	file  *sharedFile  // or nil
	flags DescriptorFlags
	kept  bool // dir belongs to somebody else
	// preopen is the number of the preopen that this is, and one more, or 0.
	preopen int
	fixed   bool // a file opened from a directory without mutate-directory
}

// sharedFile is an open file with the number of descriptors and streams that use
// it.
type sharedFile struct {
	provider.File
	state *State
	refs  int
}

func (f *sharedFile) use() *sharedFile {
	f.refs++
	return f
}

func (f *sharedFile) release() error {
	if f.refs--; f.refs > 0 {
		return nil
	}
	f.state.release()
	return f.Close()
}

// Drop implements component.Dropper. Errors of closing concern nobody: the guest
// cannot be told, and what it wrote has been written.
func (d *Descriptor) Drop(ctx context.Context) {
	d.state.ctx = ctx
	switch {
	case d.file != nil:
		_ = d.file.release()
	case !d.kept:
		d.state.release()
		_ = d.dir.Close()
	}
}

// Reopen implements component.Reopener: every instance has the directories that
// it is given.
func (d *Descriptor) Reopen(state any) (any, bool) {
	h, ok := state.(Host)
	if !ok || d.preopen == 0 || d.preopen > len(h.Filesystem().opts.Preopens) {
		return nil, false
	}
	return h.Filesystem().preopen(d.preopen - 1), true
}

// needDir returns the directory of a descriptor that must be one.
func (d *Descriptor) needDir(c *component.Call) (provider.Dir, error) {
	d.state.enter(c)
	if d.dir == nil {
		return nil, ErrorCodeNotDirectory
	}
	return d.dir, nil
}

// needMutable returns the directory of a descriptor that must be one that may be
// changed.
func (d *Descriptor) needMutable(c *component.Call) (provider.Dir, error) {
	if d.dir != nil && d.flags&DescriptorFlagsMutateDirectory == 0 {
		return nil, ErrorCodeReadOnly
	}
	return d.needDir(c)
}

// needFile returns the file of a descriptor that must be one with the flags.
func (d *Descriptor) needFile(c *component.Call, flags DescriptorFlags) (*sharedFile, error) {
	d.state.enter(c)
	switch {
	case d.file == nil:
		return nil, ErrorCodeIsDirectory
	case d.flags&flags != flags:
		return nil, ErrorCodeBadDescriptor
	}
	return d.file, nil
}

// offset checks an offset or a size.
func offset(n Filesize) (int64, error) {
	if n > math.MaxInt64 {
		return 0, ErrorCodeInvalid
	}
	return int64(n), nil
}

// GetFlags implements descriptor.get-flags.
func (d *Descriptor) GetFlags(*component.Call) (DescriptorFlags, error) { return d.flags, nil }

// GetType implements descriptor.get-type.
func (d *Descriptor) GetType(*component.Call) (DescriptorType, error) {
	if d.dir != nil {
		return DescriptorTypeDirectory, nil
	}
	return DescriptorTypeRegularFile, nil // providers open no other
}

// Advise implements descriptor.advise. The advice is not taken.
func (d *Descriptor) Advise(c *component.Call, off, length Filesize, _ Advice) error {
	if _, err := d.needFile(c, 0); err != nil {
		return ErrorCodeBadDescriptor
	}
	start, err := offset(off)
	if err == nil && length > uint64(math.MaxInt64-start) {
		err = ErrorCodeInvalid
	}
	return err
}

// SyncData implements descriptor.sync-data.
func (d *Descriptor) SyncData(c *component.Call) error { return d.Sync(c) }

// Sync implements descriptor.sync.
func (d *Descriptor) Sync(c *component.Call) error {
	d.state.enter(c)
	switch {
	case d.dir != nil && d.flags&DescriptorFlagsMutateDirectory != 0:
		return errorCode(d.dir.Sync())
	case d.file != nil && d.flags&DescriptorFlagsWrite != 0:
		return errorCode(d.file.Sync())
	}
	return nil
}

// IsSameObject implements descriptor.is-same-object.
func (d *Descriptor) IsSameObject(c *component.Call, other *Descriptor) (bool, error) {
	if d == other || d.dir != nil && d.dir == other.dir || d.file != nil && d.file == other.file {
		return true, nil
	}
	a, err := d.stat(c)
	if err != nil {
		return false, nil //nolint:nilerr // an object that is gone is not the same as another
	}
	b, err := other.stat(c)
	if err != nil {
		return false, nil //nolint:nilerr // an object that is gone is not the same as another
	}
	return a.Inode != 0 && a.Inode == b.Inode && a.Device == b.Device, nil
}
