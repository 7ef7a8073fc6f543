package component

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"

	"github.com/wattle-dev/wattle/host/component/core"
)

// image is the initial content of the memory of a core module. The memories of
// all instances share its pages until they write to them, where the system can
// do that and it is worth it; otherwise they start with a copy.
//
// An image is in the engine once, however many components have it, and goes
// with the last of them. Memories that are made of it do not need it any more.
type image struct {
	size     uint64         // of the memory
	segments []core.Segment // what is copied, in order; nil if there is a file
	file     *os.File       // holds the runs, or nil
	runs     []imageRun     // what is mapped
}

// imageRun is a part of a memory that is mapped: its offset there, its size, and
// where it is in the file. All are multiples of the page size of WebAssembly, and
// thereby of every system's.
type imageRun struct{ offset, size, at uint64 }

// copyAtMost is the most bytes that are copied though they could be mapped: with
// fewer, the page faults of the copy cost less than those of the mapping.
const copyAtMost = 16 << 10

// newImage returns an image of what i holds. It keeps nothing of i.
func newImage(i *core.Image) *image {
	img := &image{size: uint64(i.Pages) * core.PageSize}
	total := uint64(0)
	for _, s := range i.Segments {
		total += uint64(len(s.Bytes))
	}
	if total > copyAtMost && img.makeFile(i, total) {
		return img
	}
	img.segments = make([]core.Segment, len(i.Segments))
	content := make([]byte, 0, total)
	for n, s := range i.Segments {
		content = append(content, s.Bytes...)
		img.segments[n] = core.Segment{Offset: s.Offset, Bytes: content[len(content)-len(s.Bytes):]}
	}
	return img
}

// load puts the image into a new memory. On failure the memory is of no use.
func (i *image) load(mem []byte) error {
	if i.file != nil {
		return i.mapInto(mem)
	}
	for _, s := range i.segments {
		copy(mem[s.Offset:], s.Bytes)
	}
	return nil
}

// bytes returns how much memory the image takes, or less if parts of it are zero.
func (i *image) bytes() (n int64) {
	for _, r := range i.runs {
		n += int64(r.size)
	}
	for _, s := range i.segments {
		n += int64(len(s.Bytes))
	}
	return n
}

func (i *image) close() error {
	if i.file == nil {
		return nil
	}
	if err := i.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// imageKey identifies the content of an image.
func imageKey(i *core.Image) (key [sha256.Size]byte) {
	h := sha256.New()
	var head [8]byte
	binary.LittleEndian.PutUint32(head[:], i.Pages)
	_, _ = h.Write(head[:])
	for _, s := range i.Segments {
		binary.LittleEndian.PutUint32(head[:], s.Offset)
		binary.LittleEndian.PutUint32(head[4:], uint32(len(s.Bytes)))
		_, _ = h.Write(head[:])
		_, _ = h.Write(s.Bytes)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
