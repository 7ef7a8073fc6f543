package component

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wattle-dev/wattle/host/component/core"
)

const (
	// maxRuns bounds the runs of an image: the system limits how many mappings a
	// process has.
	maxRuns = 16
	// maxSparsity is how many times larger than its segments an image may be.
	maxSparsity = 4
)

// makeFile writes the segments, of total bytes, into a file in memory that can
// never change. It reports false if they are spread too far, or the system
// refuses to make one.
func (i *image) makeFile(content *core.Image, total uint64) bool {
	used := make([]bool, content.Pages)
	for _, s := range content.Segments {
		for p := int(s.Offset / core.PageSize); uint64(p)*core.PageSize < uint64(s.Offset)+uint64(len(s.Bytes)); p++ {
			used[p] = true
		}
	}
	runs := imageRuns(used, maxSparsity*total)
	if len(runs) == 0 || len(runs) > maxRuns {
		return false
	}
	var buf []byte
	var pages []int64 // used ones, as offsets in the file
	for n := range runs {
		r := &runs[n]
		r.at = uint64(len(buf))
		buf = append(buf, make([]byte, r.size)...)
		for o := uint64(0); o < r.size; o += core.PageSize {
			if used[(r.offset+o)/core.PageSize] {
				pages = append(pages, int64(r.at+o))
			}
		}
	}
	for _, s := range content.Segments {
		for _, r := range runs {
			// A segment never crosses the gap between two runs.
			if o := uint64(s.Offset) - r.offset; o < r.size {
				copy(buf[r.at+o:], s.Bytes)
				break
			}
		}
	}
	i.file, i.runs = sealedFile(buf, pages), runs
	return i.file != nil
}

// imageRuns returns the fewest runs of used pages that are together no larger
// than most, or none. They are joined where the gaps are smallest.
func imageRuns(used []bool, most uint64) []imageRun {
	for gap := uint64(4 << 30); gap >= core.PageSize; gap /= 2 {
		var runs []imageRun
		size := uint64(0)
		for p := range used {
			if !used[p] {
				continue
			}
			from, end := uint64(p)*core.PageSize, uint64(p+1)*core.PageSize
			if n := len(runs) - 1; n >= 0 && from-(runs[n].offset+runs[n].size) < gap {
				size -= runs[n].size
				runs[n].size = end - runs[n].offset
				size += runs[n].size
				continue
			}
			runs = append(runs, imageRun{offset: from, size: end - from})
			size += end - from
		}
		if size <= most {
			return runs
		}
	}
	return nil
}

// sealedFile returns a file in memory with a content that can never change, or
// nil. Only the given pages are written; the others are zero, and take no memory
// before somebody uses them.
func sealedFile(content []byte, pages []int64) *os.File {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("wattle-image", flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate("wattle-image", flags)
	}
	if err != nil {
		return nil
	}
	f := os.NewFile(uintptr(fd), "wattle-image")
	err = f.Truncate(int64(len(content)))
	for _, p := range pages {
		if err == nil {
			_, err = f.WriteAt(content[p:][:core.PageSize], p)
		}
	}
	if err == nil {
		const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals)
	}
	if err != nil {
		_ = f.Close()
		return nil
	}
	return f
}

// mapInto replaces the pages of a memory by those of the image, which are
// copied when they are written to. The memory must have been mapped by grow.
func (i *image) mapInto(mem []byte) error {
	// The connection keeps the file open, so that the descriptor cannot become
	// that of another one.
	conn, err := i.file.SyscallConn()
	if err != nil {
		return err
	}
	var mapErr error
	err = conn.Control(func(fd uintptr) {
		for _, r := range i.runs {
			dst := mem[r.offset:][:r.size]
			_, mapErr = unix.MmapPtr(int(fd), int64(r.at), unsafe.Pointer(unsafe.SliceData(dst)), uintptr(r.size),
				unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|noReserve)
			if mapErr != nil {
				mapErr = fmt.Errorf("map %d bytes of a memory image: %w", r.size, mapErr)
				return
			}
		}
	})
	return errors.Join(err, mapErr)
}
