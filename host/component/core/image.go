package core

// Image is the memory that a module defines as it is at the start. The rewritten
// module declares a minimum of zero and has no active data segments; when it is
// instantiated the host has to give it a memory that is like this already.
type Image struct {
	// Pages is the size of the memory.
	Pages uint32
	// Segments are what is written to it, one after another. They may overlap.
	Segments []Segment
}

// Segment is a part of an image. It lies within the memory and is not empty.
type Segment struct {
	Offset uint32
	// Bytes is a part of the original module.
	Bytes []byte
}

// PageSize is the size of a page of memory (Core Specification, "Memory
// Instances").
const PageSize = 1 << 16

// maxPages is the most that a memory with 32-bit addresses has.
const maxPages = 1 << 16

// segment is a data segment.
type segment struct {
	// offset is meaningful if constant.
	offset           uint32
	active, constant bool
	start, end       int // of the content in the module
}

// moveData takes the data segments and the size of the memory out of the module
// when they can be made an image. outStart is where the section begins in out.
//
// An active segment is dropped once it has been applied, and one that is dropped
// behaves as if it were empty (Core Specification, "Instantiation" and
// "data.drop"). Therefore the segment that stays in its place is empty and
// passive; and where no instruction names a segment, none stays.
func (c *codec) moveData(segments []segment, outStart int) {
	image := c.image(segments)
	if image == nil {
		return
	}
	c.m.Image = image
	c.out = c.out[:outStart]
	c.begin(secData, false)
	c.cut(c.mark, c.end)
	if !c.usesData {
		segments = nil
	}
	count := uint32(len(segments))
	c.write(appendU32(nil, count)...)
	for _, s := range segments {
		c.write(1)
		if s.active {
			c.write(0)
			continue
		}
		c.write(appendU32(nil, uint32(s.end-s.start))...)
		c.write(c.buf[s.start:s.end]...)
	}
	copy(c.out[c.memoryMinAt:], paddedU32(0))
	if c.dataCountAt > 0 {
		copy(c.out[c.dataCountAt:], paddedU32(count))
	}
}

// image returns what the active segments write, or nil when that is nothing or
// not known before instantiation: they must be of a memory that this module
// defines, at constant offsets, and certainly within it, since the first that
// is not ends the instantiation.
func (c *codec) image(segments []segment) *Image {
	for i := range c.m.Imports {
		if c.m.Imports[i].Type.Kind == KindMemory {
			return nil
		}
	}
	if len(c.m.Memories) != 1 || c.m.Memories[0].Limits.Min > maxPages {
		return nil
	}
	image := &Image{Pages: uint32(c.m.Memories[0].Limits.Min)}
	for _, s := range segments {
		if !s.active {
			continue
		}
		content := c.buf[s.start:s.end]
		if !s.constant || uint64(s.offset)+uint64(len(content)) > uint64(image.Pages)*PageSize {
			return nil
		}
		if len(content) > 0 {
			image.Segments = append(image.Segments, Segment{s.offset, content})
		}
	}
	if image.Segments == nil {
		return nil
	}
	return image
}

// constantI32 returns the value of a constant expression of type i32 that
// depends on nothing, and whether it is one. Expressions of an unusual depth are
// left to the engine.
func constantI32(expr []byte) (uint32, bool) {
	const depth = 8
	var stack [depth]uint32
	n := 0
	r := reader{buf: expr, end: len(expr), fn: -1}
	for {
		switch op := r.byte(); {
		case r.err != nil:
			return 0, false
		case op == opEnd:
			return stack[0], n == 1
		case op == opI32Const && n < depth:
			stack[n] = uint32(r.sleb(32))
			n++
		case op >= opI32Add && op <= opI32Mul && n >= 2:
			n--
			a, b := stack[n-1], stack[n]
			stack[n-1] = [...]uint32{a + b, a - b, a * b}[op-opI32Add]
		default:
			return 0, false
		}
	}
}
