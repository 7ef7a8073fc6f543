package core

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// reader reads one section or function body of a module. The first error
// sticks and ends the reading: from then on every read returns zero and nothing
// is left to read, so that loops which read must stop on err or at the end.
type reader struct {
	buf []byte
	// pos and end bound what is left; 0 <= pos <= end <= len(buf).
	pos, end int
	// fn is the function whose body is being read, or -1.
	fn  int
	err error
}

// fail records err at off, unless an error is recorded already.
func (r *reader) fail(off int, err error) {
	if r.err == nil {
		r.err = &Error{Offset: off, Func: r.fn, Err: err}
	}
	r.pos = r.end
}

func (r *reader) failf(off int, format string, args ...any) {
	r.fail(off, fmt.Errorf(format, args...))
}

var (
	errEnd = errors.New("unexpected end")
	errLEB = errors.New("malformed LEB128 integer")
)

func (r *reader) byte() byte {
	if r.pos >= r.end {
		r.fail(r.pos, errEnd)
		return 0
	}
	b := r.buf[r.pos]
	r.pos++
	return b
}

// skip leaves out n bytes.
func (r *reader) skip(n int) {
	if n > r.end-r.pos {
		r.fail(r.pos, errEnd)
		return
	}
	r.pos += n
}

func (r *reader) u32() uint32 {
	if p := r.pos; p < r.end && r.buf[p] < 0x80 {
		r.pos++
		return uint32(r.buf[p])
	}
	return uint32(r.leb(32))
}

func (r *reader) u64() uint64 { return r.leb(64) }

// leb reads an unsigned integer of the given number of bits (Core
// Specification, "Integers").
func (r *reader) leb(bits int) uint64 {
	start := r.pos
	var v uint64
	for shift := 0; ; shift += 7 {
		b := r.byte()
		if r.err != nil {
			return 0
		}
		if left := bits - shift; left < 7 && b>>left != 0 {
			r.fail(start, errLEB)
			return 0
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}

// skipSigned reads past a signed integer of the given number of bits.
func (r *reader) skipSigned(bits int) {
	if p := r.pos; p < r.end && r.buf[p] < 0x80 {
		r.pos++
		return
	}
	r.sleb(bits)
}

func (r *reader) sleb(bits int) int64 {
	start := r.pos
	var v int64
	for shift := 0; ; shift += 7 {
		b := r.byte()
		if r.err != nil {
			return 0
		}
		if left := bits - shift; left <= 7 {
			// The last byte: it must not continue, and its unused bits must all
			// equal the sign bit.
			sign := int8(b<<1) >> left // bits of b from left-1 up, sign extended
			if b >= 0x80 || sign != 0 && sign != -1 {
				r.fail(start, errLEB)
				return 0
			}
		}
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			if b&0x40 != 0 && shift+7 < 64 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
}

// count reads the number of items of a vector, each of which takes at least one
// byte of what is left.
func (r *reader) count() uint32 {
	start := r.pos
	n := r.u32()
	if int64(n) > int64(r.end-r.pos) {
		r.failf(start, "%d items do not fit into %d bytes", n, r.end-r.pos)
		return 0
	}
	return n
}

// name reads a name (Core Specification, "Names").
func (r *reader) name() string {
	n := int(r.count())
	start := r.pos
	r.skip(n)
	if r.err != nil {
		return ""
	}
	b := r.buf[start:r.pos]
	if !utf8.Valid(b) {
		r.failf(start, "name %q is not valid UTF-8", b)
		return ""
	}
	return string(b)
}
