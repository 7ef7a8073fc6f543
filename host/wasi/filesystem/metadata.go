package filesystem

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/clocks"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
)

var descriptorTypes = [...]DescriptorType{
	provider.Unknown:         DescriptorTypeUnknown,
	provider.BlockDevice:     DescriptorTypeBlockDevice,
	provider.CharacterDevice: DescriptorTypeCharacterDevice,
	provider.Directory:       DescriptorTypeDirectory,
	provider.FIFO:            DescriptorTypeFifo,
	provider.SymbolicLink:    DescriptorTypeSymbolicLink,
	provider.RegularFile:     DescriptorTypeRegularFile,
	provider.Socket:          DescriptorTypeSocket,
}

// stat describes the open object.
func (d *Descriptor) stat(c *component.Call) (provider.Stat, error) {
	var stat provider.Stat
	var err error
	d.state.enter(c)
	if d.dir != nil {
		stat, err = d.dir.Stat(".", true)
	} else {
		stat, err = d.file.Stat()
	}
	return stat, errorCode(err)
}

// statAt describes the object at a path.
func (d *Descriptor) statAt(c *component.Call, flags PathFlags, path string) (provider.Stat, error) {
	dir, err := d.needDir(c)
	if err != nil {
		return provider.Stat{}, err
	}
	if err := checkPath(path); err != nil {
		return provider.Stat{}, err
	}
	stat, err := dir.Stat(path, follow(flags))
	return stat, errorCode(err)
}

// Stat implements descriptor.stat.
func (d *Descriptor) Stat(c *component.Call) (DescriptorStat, error) {
	stat, err := d.stat(c)
	return d.state.descriptorStat(stat), err
}

// StatAt implements descriptor.stat-at.
func (d *Descriptor) StatAt(c *component.Call, flags PathFlags, path string) (DescriptorStat, error) {
	stat, err := d.statAt(c, flags, path)
	return d.state.descriptorStat(stat), err
}

func (s *State) descriptorStat(stat provider.Stat) DescriptorStat {
	return DescriptorStat{
		Type:                      descriptorTypes[stat.Type],
		LinkCount:                 stat.Links,
		Size:                      stat.Size,
		DataAccessTimestamp:       s.datetime(stat.Accessed),
		DataModificationTimestamp: s.datetime(stat.Modified),
		StatusChangeTimestamp:     s.datetime(stat.Changed),
	}
}

func (s *State) datetime(t time.Time) component.Option[clocks.Datetime] {
	if t.IsZero() {
		return component.Option[clocks.Datetime]{}
	}
	return component.Some(clocks.FromTime(t, s.opts.Resolution))
}

// times makes the times of a request to set them.
func times(accessed, modified NewTimestamp) (t provider.Times, err error) {
	if t.Accessed, err = timestamp(accessed); err == nil {
		t.Modified, err = timestamp(modified)
	}
	return t, err
}

// timestamp returns a time to be set, which is zero for none.
func timestamp(n NewTimestamp) (time.Time, error) {
	switch n.Tag {
	case NewTimestampNoChange:
	case NewTimestampNow:
		return time.Now(), nil
	case NewTimestampTimestamp:
		switch {
		case n.Timestamp.Nanoseconds >= 1e9:
			return time.Time{}, ErrorCodeInvalid
		case n.Timestamp.Seconds > math.MaxInt64/uint64(time.Second):
			return time.Time{}, ErrorCodeOverflow // and far more than any file system holds
		}
		return time.Unix(int64(n.Timestamp.Seconds), int64(n.Timestamp.Nanoseconds)), nil
	}
	return time.Time{}, nil
}

// SetTimes implements descriptor.set-times.
func (d *Descriptor) SetTimes(c *component.Call, accessed, modified NewTimestamp) error {
	t, err := times(accessed, modified)
	if err != nil {
		return err
	}
	switch {
	case d.fixed:
		return ErrorCodeReadOnly
	case d.file != nil:
		return errorCode(d.file.SetTimes(t))
	}
	return d.change(c, ".", func(dir provider.Dir) error { return dir.SetTimes(".", true, t) })
}

// SetTimesAt implements descriptor.set-times-at.
func (d *Descriptor) SetTimesAt(c *component.Call, flags PathFlags, path string, accessed, modified NewTimestamp) error {
	t, err := times(accessed, modified)
	if err != nil {
		return err
	}
	return d.change(c, path, func(dir provider.Dir) error { return dir.SetTimes(path, follow(flags), t) })
}

// hashSeed makes metadata hashes of this process, and tells nobody what they are
// made of.
var hashSeed = maphash.MakeSeed()

// metadataHash makes a hash of what is told of an object, with its times as the guest is
// told them: when a hash changes would tell them as well.
func (s *State) metadataHash(stat provider.Stat) MetadataHashValue {
	le := binary.LittleEndian
	b := make([]byte, 0, 64)
	for _, v := range []uint64{stat.Device, stat.Inode, stat.Size, uint64(stat.Type)} {
		b = le.AppendUint64(b, v)
	}
	for _, t := range []time.Time{stat.Modified, stat.Changed} {
		t = t.Truncate(s.opts.Resolution)
		b = le.AppendUint64(b, uint64(t.Unix()))
		b = le.AppendUint32(b, uint32(t.Nanosecond()))
	}
	return MetadataHashValue{
		Lower: maphash.Bytes(hashSeed, append(b, 0)),
		Upper: maphash.Bytes(hashSeed, append(b, 1)),
	}
}

// MetadataHash implements descriptor.metadata-hash.
func (d *Descriptor) MetadataHash(c *component.Call) (MetadataHashValue, error) {
	stat, err := d.stat(c)
	return d.state.metadataHash(stat), err
}

// MetadataHashAt implements descriptor.metadata-hash-at.
func (d *Descriptor) MetadataHashAt(c *component.Call, flags PathFlags, path string) (MetadataHashValue, error) {
	stat, err := d.statAt(c, flags, path)
	return d.state.metadataHash(stat), err
}
