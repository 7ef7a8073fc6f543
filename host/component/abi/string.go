package abi

import (
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// utf16Tag marks a latin1+utf16 length as counting UTF-16 code units.
const utf16Tag = 1 << 31

// simple is how the bytes of one string are encoded.
type simple uint8

const (
	simpleUTF8 simple = iota
	simpleUTF16
	simpleLatin1
)

// text is a string where it lies: its valid bytes and its code units.
type text struct {
	bytes []byte
	enc   simple
	units uint32
}

// load finds and validates a string ("load_string_from_range").
func (s *Side) load(ptr, tagged uint32, b *Budget) text {
	t := text{units: tagged}
	size, align := uint64(tagged), uint32(1)
	switch s.Encoding {
	case UTF16:
		t.enc, size, align = simpleUTF16, 2*uint64(tagged), 2
	case Latin1UTF16:
		t.enc, align = simpleLatin1, 2
		if tagged&utf16Tag != 0 {
			t.enc, t.units = simpleUTF16, tagged^utf16Tag
			size = 2 * uint64(t.units)
		}
	}
	if size > MaxByteLength {
		fault("string of %d bytes is larger than 2^28-1 bytes", size)
	}
	s.Check(ptr, size, align, "string is at")
	b.Spend(size)
	t.bytes = s.Memory.Bytes()[ptr : uint64(ptr)+size]
	switch t.enc {
	case simpleUTF8:
		if !utf8.Valid(t.bytes) {
			fault("string at %#x is not valid UTF-8", ptr)
		}
	case simpleUTF16:
		if !validUTF16(t.bytes) {
			fault("string at %#x is not valid UTF-16", ptr)
		}
	}
	return t
}

func validUTF16(b []byte) bool {
	for i := 0; i < len(b); i += 2 {
		switch u := le.Uint16(b[i:]); {
		case u < 0xd800 || u > 0xdfff:
		case u > 0xdbff || i+4 > len(b):
			return false
		default:
			if i += 2; le.Uint16(b[i:])&0xfc00 != 0xdc00 {
				return false
			}
		}
	}
	return true
}

// String lifts a string into Go.
func (s *Side) String(ptr, tagged uint32, b *Budget) string {
	t := s.load(ptr, tagged, b)
	if t.enc == simpleUTF8 {
		return string(t.bytes)
	}
	n := t.utf8Len()
	if n > uint32(len(t.bytes)) {
		b.Spend(uint64(n) - uint64(len(t.bytes))) // it takes more here than in the guest
	}
	enc := t.appendUTF8(make([]byte, 0, n))
	return unsafe.String(unsafe.SliceData(enc), len(enc))
}

// PutString lowers a Go string, replacing what is not valid UTF-8 in it by
// U+FFFD, and returns its pointer and tagged length.
func (s *Side) PutString(v string) (ptr, tagged uint32) {
	if !utf8.ValidString(v) {
		v = string([]rune(v))
	}
	if len(v) > MaxByteLength {
		fault("string of %d bytes is larger than 2^28-1 bytes", len(v))
	}
	return s.store(text{bytes: unsafe.Slice(unsafe.StringData(v), len(v)), enc: simpleUTF8, units: uint32(len(v))}, UTF8)
}

// string moves a string and returns its new pointer and tagged length.
func (r *run) string(ptr, tagged uint32) (uint32, uint32) {
	t := r.src.load(ptr, tagged, r.budget)
	p, n := r.dst.store(t, r.src.Encoding)
	r.dm = r.dst.Memory.Bytes()
	return p, n
}

// store is "store_string_into_range". Its calls of realloc are those of the
// specification, in the same order and with the same sizes. What is encoded anew
// is written to where it belongs: a guest can have strings as large as its memory.
func (s *Side) store(t text, from Encoding) (ptr, tagged uint32) {
	switch s.Encoding {
	case UTF8:
		if t.enc == simpleUTF8 {
			return s.storeCopy(t.bytes, 1), t.units
		}
		return s.storeUTF8(t)
	case UTF16:
		switch t.enc {
		case simpleUTF8:
			return s.storeUTF16(t)
		case simpleLatin1:
			p := s.Alloc(2, 2*t.units)
			t.appendUTF16(s.room(p, 2*t.units))
			return p, t.units
		default:
			return s.storeCopy(t.bytes, 2), t.units
		}
	default:
		switch {
		case from != Latin1UTF16:
			return s.storeLatin1OrUTF16(t)
		case t.enc == simpleLatin1:
			return s.storeCopy(t.bytes, 2), t.units
		default:
			return s.storeProbablyUTF16(t)
		}
	}
}

// room is a block of n bytes that realloc has returned, to append to.
func (s *Side) room(p, n uint32) []byte { return s.Memory.Bytes()[p : p : p+n] }

// shrink gives back what is left over of a block.
func (s *Side) shrink(p, size, align, used uint32) uint32 {
	if size > used {
		return s.realloc(p, size, align, used)
	}
	return p
}

// storeCopy is "store_string_copy".
func (s *Side) storeCopy(b []byte, align uint32) uint32 {
	p := s.Alloc(align, uint32(len(b)))
	copy(s.Memory.Bytes()[p:], b)
	return p
}

// storeUTF8 is "store_string_to_utf8", from UTF-16 or Latin-1.
func (s *Side) storeUTF8(t text) (ptr, units uint32) {
	n := t.utf8Len()
	p := s.Alloc(1, t.units)
	if n == t.units { // all of it is ASCII
		t.appendUTF8(s.room(p, n))
		return p, n
	}
	worst := t.units * 3
	if t.enc == simpleLatin1 {
		worst = t.units * 2
	}
	p = s.realloc(p, t.units, 1, worst)
	t.appendUTF8(s.room(p, n))
	return s.shrink(p, worst, 1, n), n
}

// storeUTF16 is "store_utf8_to_utf16".
func (s *Side) storeUTF16(t text) (ptr, units uint32) {
	worst := 2 * t.units
	p := s.Alloc(2, worst)
	n := uint32(len(t.appendUTF16(s.room(p, worst))))
	return s.shrink(p, worst, 2, n), n / 2
}

// storeLatin1OrUTF16 is "store_string_to_latin1_or_utf16".
func (s *Side) storeLatin1OrUTF16(t text) (ptr, tagged uint32) {
	p := s.Alloc(2, t.units)
	if n, ok := t.latin1Len(); ok {
		t.appendLatin1(s.room(p, n))
		return s.shrink(p, t.units, 2, n), n
	}
	worst := 2 * t.units
	p = s.realloc(p, t.units, 2, worst)
	n := uint32(len(t.appendUTF16(s.room(p, worst))))
	return s.shrink(p, worst, 2, n), n/2 | utf16Tag
}

// storeProbablyUTF16 is "store_probably_utf16_to_latin1_or_utf16".
func (s *Side) storeProbablyUTF16(t text) (ptr, tagged uint32) {
	p := s.storeCopy(t.bytes, 2)
	n, ok := t.latin1Len()
	if !ok {
		return p, t.units | utf16Tag
	}
	t.appendLatin1(s.room(p, n))
	return s.realloc(p, uint32(len(t.bytes)), 1, n), n
}

// each calls f with the code points of the text until f returns false.
func (t text) each(f func(rune) bool) {
	switch t.enc {
	case simpleUTF8:
		for _, c := range unsafe.String(unsafe.SliceData(t.bytes), len(t.bytes)) {
			if !f(c) {
				return
			}
		}
	case simpleLatin1:
		for _, c := range t.bytes {
			if !f(rune(c)) {
				return
			}
		}
	default:
		for i := 0; i < len(t.bytes); i += 2 {
			c := rune(le.Uint16(t.bytes[i:]))
			if utf16.IsSurrogate(c) {
				i += 2
				c = utf16.DecodeRune(c, rune(le.Uint16(t.bytes[i:])))
			}
			if !f(c) {
				return
			}
		}
	}
}

// utf8Len returns the number of bytes of the text in UTF-8.
func (t text) utf8Len() (n uint32) {
	t.each(func(c rune) bool {
		n += uint32(utf8.RuneLen(c))
		return true
	})
	return n
}

func (t text) appendUTF8(b []byte) []byte {
	t.each(func(c rune) bool {
		b = utf8.AppendRune(b, c)
		return true
	})
	return b
}

func (t text) appendUTF16(b []byte) []byte {
	if t.enc == simpleUTF16 {
		return append(b, t.bytes...)
	}
	t.each(func(c rune) bool {
		if c < 0x10000 {
			b = le.AppendUint16(b, uint16(c))
			return true
		}
		hi, lo := utf16.EncodeRune(c)
		b = le.AppendUint16(le.AppendUint16(b, uint16(hi)), uint16(lo))
		return true
	})
	return b
}

// latin1Len returns the number of characters of the text, or false when they are
// not all of Latin-1.
func (t text) latin1Len() (n uint32, ok bool) {
	ok = true
	t.each(func(c rune) bool {
		n++
		ok = c < 0x100
		return ok
	})
	return n, ok
}

// appendLatin1 is for a text of which latin1Len is true.
func (t text) appendLatin1(b []byte) {
	t.each(func(c rune) bool {
		b = append(b, byte(c))
		return true
	})
}
