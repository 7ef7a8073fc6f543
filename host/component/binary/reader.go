package binary

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// decoder reads one file. After the first fault, which it keeps in err, every
// method that reads returns zero and moves nothing.
type decoder struct {
	opts Options
	// data is the whole file; pos is the offset of the next byte, and end that
	// of the end of the section or component being read.
	// Invariant: 0 <= pos <= end <= len(data).
	data     []byte
	pos, end int
	// section is the name of the section being read, or "" between sections.
	section   string
	items     int
	depth     int
	typeDepth int
	err       *Error
}

// fail records a fault unless there is one already.
func (d *decoder) fail(code Code, offset int, format string, args ...any) {
	if d.err != nil {
		return
	}
	msg := fmt.Sprintf(format, args...)
	if d.section != "" {
		msg = d.section + " section: " + msg
	}
	d.err = &Error{Code: code, Offset: offset, Msg: msg}
}

// short records that the input ends inside what. Within a section the section
// is too short, between sections the file or nested component is.
func (d *decoder) short(what string) {
	if d.section != "" {
		d.fail(CodeSectionSize, d.end, "the section ends inside %s", what)
		return
	}
	d.fail(CodeTruncated, d.end, "the input ends inside %s", what)
}

// offset returns the offset of the next byte. Composite literals need it: in
// them, method calls happen in the order written, but reads of a field do not.
func (d *decoder) offset() int { return d.pos }

// spend counts n items against the limit.
func (d *decoder) spend(offset, n int) {
	if n > d.opts.MaxItems-d.items {
		d.fail(CodeTooMany, offset, "more than %d items in all", d.opts.MaxItems)
		return
	}
	d.items += n
}

func (d *decoder) byte(what string) byte {
	if d.err != nil {
		return 0
	}
	if d.pos == d.end {
		d.short(what)
		return 0
	}
	b := d.data[d.pos]
	d.pos++
	return b
}

// flag reads a byte that is 0 for false and 1 for true.
func (d *decoder) flag(what string) bool {
	return d.oneOf(what, 0x00, 0x01) == 0x01
}

// oneOf reads a byte that must be among want.
func (d *decoder) oneOf(what string, want ...byte) byte {
	off := d.pos
	b := d.byte(what)
	if d.err != nil {
		return 0
	}
	if slices.Contains(want, b) {
		return b
	}
	if len(want) == 1 {
		d.fail(CodeUnexpectedByte, off, "%s is %#02x, want %#02x", what, b, want[0])
	} else {
		d.fail(CodeUnexpectedByte, off, "%s is %#02x, want one of % #x", what, b, want)
	}
	return 0
}

// bytes reads n bytes, aliasing the input.
func (d *decoder) bytes(n uint32, what string) []byte {
	if d.err != nil {
		return nil
	}
	if uint64(n) > uint64(d.end-d.pos) {
		d.short(what)
		return nil
	}
	start := d.pos
	d.pos += int(n)
	return d.data[start:d.pos:d.pos]
}

func (d *decoder) u32(what string) uint32 { return uint32(d.unsigned(what, 32)) }

func (d *decoder) u64(what string) uint64 { return d.unsigned(what, 64) }

// unsigned reads an unsigned LEB128 integer (core specification, "Integers").
func (d *decoder) unsigned(what string, width uint) uint64 {
	off := d.pos
	var v uint64
	for shift := uint(0); ; shift += 7 {
		b := d.byte(what)
		if d.err != nil {
			return 0
		}
		if shift+7 >= width { // the last byte there may be
			switch {
			case b >= 0x80:
				d.fail(CodeIntegerTooLong, off, "%s takes more than %d bytes", what, (width+6)/7)
				return 0
			case b>>(width-shift) != 0:
				d.fail(CodeIntegerTooLarge, off, "%s does not fit in %d bits", what, width)
				return 0
			}
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}

// index33 reads a type index where a type may also stand, that is, a signed
// LEB128 integer of 33 bits which must not be negative: the negative ones are
// the opcodes of types.
func (d *decoder) index33(what string) uint32 {
	off := d.pos
	var v uint64
	for shift := uint(0); ; shift += 7 {
		b := d.byte(what)
		if d.err != nil {
			return 0
		}
		if shift == 28 && b >= 0x80 {
			d.fail(CodeIntegerTooLong, off, "%s takes more than 5 bytes", what)
			return 0
		}
		// Bits 28 to 31 are the last four of an index. Of the three above, the
		// lowest is the sign and the others repeat it.
		if shift == 28 && b&0x70 != 0x00 && b&0x70 != 0x70 {
			d.fail(CodeIntegerTooLarge, off, "%s does not fit in 33 bits", what)
			return 0
		}
		v |= uint64(b&0x7f) << shift
		if b >= 0x80 {
			continue
		}
		if b&0x40 != 0 {
			d.fail(CodeUnknownType, off, "%s: %#02x is not a type that can stand here", what, d.data[off])
			return 0
		}
		return uint32(v)
	}
}

// count reads the number of elements of a vector and counts them as items.
func (d *decoder) count(what string) int {
	off := d.pos
	n := d.u32("the number of " + what)
	if d.err != nil {
		return 0
	}
	if left := d.end - d.pos; uint64(n) > uint64(left) {
		d.fail(CodeCount, off, "%d %s in the %d bytes that are left", n, what, left)
		return 0
	}
	d.spend(off, int(n))
	if d.err != nil {
		return 0
	}
	return int(n)
}

// vec reads a vector.
func vec[T any](d *decoder, what string, elem func(*decoder) T) []T {
	n := d.count(what)
	if n == 0 {
		return nil
	}
	out := make([]T, 0, min(n, maxPrealloc))
	for range n {
		v := elem(d)
		if d.err != nil {
			return nil
		}
		out = append(out, v)
	}
	return out
}

// name reads core:name, and everything else that is a length and that many
// bytes of UTF-8.
func (d *decoder) name(what string) string {
	off := d.pos
	n := d.u32("the length of " + what)
	if d.err != nil {
		return ""
	}
	if uint64(n) > uint64(d.opts.MaxName) {
		d.fail(CodeNameTooLong, off, "%s of %d bytes, more than %d", what, n, d.opts.MaxName)
		return ""
	}
	off = d.pos
	b := d.bytes(n, what)
	if !utf8.Valid(b) {
		d.fail(CodeUTF8, off, "%s %q is not UTF-8", what, clip(b))
		return ""
	}
	return string(b)
}

// clip shortens what goes into a message.
func clip(b []byte) []byte { return b[:min(len(b), 32)] }

// idx reads an index into the index space that what names.
func (d *decoder) idx(what string) uint32 { return d.u32("the index of " + what) }
