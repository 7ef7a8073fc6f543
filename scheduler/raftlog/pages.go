package raftlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// The form of a file of bbolt, as its package internal/common has it: numbers in the
// machine's order, pages of one size, the first two of which are the meta pages.
const (
	pageHead    = 16 // id, flags, count, overflow
	elementSize = 16
	metaSize    = 64
	bucketHead  = 16 // root page, sequence

	pageBranch = 0x01
	pageLeaf   = 0x02
	pageMeta   = 0x04

	leafBucket = 0x01

	boltMagic      = 0xED0CDAED
	boltVersion    = 2
	maxPageSize    = 64 << 10
	maxTreeDepth   = 32
	pageNoFreelist = 1<<64 - 1
)

var order = binary.NativeEndian

// checkFile checks that what bbolt will follow in a file leads to where it ought to.
// bbolt maps files into memory and follows what they say; a wrong number there is a
// fault, or a walk in circles.
func checkFile(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return damaged(path, "it is gone")
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := checkPages(f, info.Size()); err != nil {
		return damaged(path, "%w", err)
	}
	return nil
}

// boltMeta is what a meta page says.
type boltMeta struct {
	pageSize, root, high, tx uint64
}

// checkPages checks all pages that can be reached.
func checkPages(r io.ReaderAt, size int64) error {
	head := make([]byte, 4096)
	if _, err := r.ReadAt(head, 0); err != nil {
		return fmt.Errorf("it has %d bytes, which is no log: %w", size, err)
	}
	first, err := parseMeta(head, 0)
	if err != nil {
		return err
	}
	if _, err := r.ReadAt(head, int64(first.pageSize)); err != nil { //nolint:gosec // bounded by maxPageSize
		return fmt.Errorf("it ends within its second page, at byte %d: %w", size, err)
	}
	second, err := parseMeta(head, 1)
	if err != nil {
		return err
	}
	// Each transaction writes one of them in turn.
	last := first
	if second.tx > first.tx {
		last = second
	}
	if first.pageSize != second.pageSize || first.tx+1 != second.tx && second.tx+1 != first.tx {
		return errors.New("its first two pages do not belong together")
	}
	if last.high > uint64(size)/last.pageSize { //nolint:gosec // not negative
		return fmt.Errorf("it is cut off: it has %d bytes, and %d pages of %d bytes", size, last.high, last.pageSize)
	}
	c := &pageChecker{r: r, meta: last, seen: make([]bool, last.high)}
	return c.tree(last.root, nil, nil, 0)
}

func parseMeta(page []byte, id uint64) (m boltMeta, err error) {
	b := page[pageHead:]
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaSize-8])
	switch {
	case order.Uint64(page) != id, order.Uint16(page[8:]) != pageMeta:
		return m, fmt.Errorf("page %d is no meta page", id)
	case order.Uint32(b) != boltMagic, order.Uint32(b[4:]) != boltVersion:
		return m, fmt.Errorf("page %d is not of bbolt, or of another version", id)
	case order.Uint64(b[metaSize-8:]) != sum.Sum64():
		return m, fmt.Errorf("page %d is damaged, its checksum is another", id)
	}
	m = boltMeta{uint64(order.Uint32(b[8:])), order.Uint64(b[16:]), order.Uint64(b[40:]), order.Uint64(b[48:])}
	switch {
	case m.pageSize < 1024 || m.pageSize > maxPageSize || m.pageSize&(m.pageSize-1) != 0:
		return m, fmt.Errorf("page %d says that pages have %d bytes", id, m.pageSize)
	case order.Uint64(b[32:]) != pageNoFreelist:
		return m, fmt.Errorf("page %d names a list of free pages: a log of a scheduler has none", id)
	}
	return m, nil
}

type pageChecker struct {
	r    io.ReaderAt
	meta boltMeta
	seen []bool
}

// tree checks the pages below one. Its keys are from low on and before high; nil is no
// bound.
func (c *pageChecker) tree(id uint64, low, high []byte, depth int) error {
	if depth > maxTreeDepth {
		return fmt.Errorf("page %d is more than %d pages deep", id, maxTreeDepth)
	}
	if id < 2 || id >= c.meta.high {
		return fmt.Errorf("page %d does not exist, there are %d", id, c.meta.high)
	}
	head := make([]byte, pageHead)
	if _, err := c.r.ReadAt(head, int64(id*c.meta.pageSize)); err != nil { //nolint:gosec // within the file
		return fmt.Errorf("page %d: %w", id, err)
	}
	overflow := uint64(order.Uint32(head[12:]))
	if order.Uint64(head) != id || id+overflow >= c.meta.high {
		return fmt.Errorf("page %d is damaged: it calls itself page %d with %d more", id, order.Uint64(head), overflow)
	}
	for i := id; i <= id+overflow; i++ {
		if c.seen[i] {
			return fmt.Errorf("page %d is part of two others", i)
		}
		c.seen[i] = true
	}
	page := make([]byte, (overflow+1)*c.meta.pageSize)
	if _, err := c.r.ReadAt(page, int64(id*c.meta.pageSize)); err != nil { //nolint:gosec // within the file
		return fmt.Errorf("page %d: %w", id, err)
	}
	return c.elements(page, id, low, high, depth)
}

// elements checks what is in a page.
func (c *pageChecker) elements(page []byte, id uint64, low, high []byte, depth int) error {
	flags, count := order.Uint16(page[8:]), int(order.Uint16(page[10:]))
	switch {
	case flags != pageBranch && flags != pageLeaf:
		return fmt.Errorf("page %d is damaged: its kind is %#x", id, flags)
	case pageHead+count*elementSize > len(page):
		return fmt.Errorf("page %d is damaged: it has %d elements", id, count)
	case flags == pageBranch && count == 0:
		return fmt.Errorf("page %d is damaged: it leads nowhere", id)
	}
	keys := make([][]byte, count+1)
	keys[count] = high
	for i := range count {
		at := pageHead + i*elementSize
		e := page[at:]
		pos, size := uint64(order.Uint32(e)), uint64(order.Uint32(e[4:]))
		if flags == pageLeaf {
			pos, size = uint64(order.Uint32(e[4:])), uint64(order.Uint32(e[8:]))
		}
		from := uint64(at) + pos //nolint:gosec // not negative
		if from < uint64(pageHead+count*elementSize) || from+size > uint64(len(page)) {
			return fmt.Errorf("page %d is damaged: element %d is outside of it", id, i)
		}
		keys[i] = page[from : from+size]
		if i > 0 && bytes.Compare(keys[i-1], keys[i]) >= 0 || i == 0 && low != nil && bytes.Compare(keys[0], low) < 0 ||
			high != nil && bytes.Compare(keys[i], high) >= 0 {
			return fmt.Errorf("page %d is damaged: element %d is out of order", id, i)
		}
		if flags == pageBranch {
			continue
		}
		value := from + size
		length := uint64(order.Uint32(e[12:]))
		if value+length > uint64(len(page)) {
			return fmt.Errorf("page %d is damaged: element %d is outside of it", id, i)
		}
		switch kind := order.Uint32(e); {
		case kind == leafBucket:
			if err := c.bucket(page[value:value+length], id, depth); err != nil {
				return err
			}
		case kind != 0:
			return fmt.Errorf("page %d is damaged: element %d is of kind %#x", id, i, kind)
		}
	}
	if flags == pageLeaf {
		return nil
	}
	for i := range count {
		child := order.Uint64(page[pageHead+i*elementSize+8:])
		if err := c.tree(child, keys[i], keys[i+1], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// bucket checks a bucket: a tree of its own, or a page within the element if it is
// small.
func (c *pageChecker) bucket(value []byte, id uint64, depth int) error {
	switch {
	case len(value) < bucketHead:
		return fmt.Errorf("page %d is damaged: a bucket has %d bytes", id, len(value))
	case order.Uint64(value) != 0:
		return c.tree(order.Uint64(value), nil, nil, depth+1)
	case len(value) < bucketHead+pageHead || order.Uint16(value[bucketHead+8:]) != pageLeaf || depth > maxTreeDepth:
		return fmt.Errorf("page %d is damaged: a bucket in it is none", id)
	}
	return c.elements(value[bucketHead:], id, nil, nil, depth+1)
}
