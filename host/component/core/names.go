package core

// Subsections of the name section (Core Specification, "Name Section") that
// are kept.
const (
	namesModule = iota
	namesFuncs
	namesLocals
)

// nameSection reads the name section, and writes it with its function indices
// moved, unless it is malformed.
func (c *codec) nameSection() {
	if !c.names.present {
		return
	}
	c.pos, c.end = c.names.start, c.names.end
	c.writing = c.rewriting
	start := len(c.out)
	c.mark = c.pos
	c.write(secCustom)
	c.write(paddedU32(0)...)
	c.write(appendName(nil, "name")...)
	name := c.nameSubsections()
	if c.err != nil {
		c.err = nil
		c.out = c.out[:start]
	} else {
		c.m.Name = name
		if c.writing {
			c.setSize(start + 1)
		}
	}
	c.writing = false
}

// nameSubsections returns the name of the module.
func (c *codec) nameSubsections() string {
	var module string
	last := -1
	for end := c.end; c.pos < end && c.err == nil; {
		at := c.pos
		id := int(c.byte())
		size := int(c.count())
		if id <= last {
			c.failf(at, "subsection %d of names is out of order", id)
		}
		if c.err != nil {
			return ""
		}
		last = id
		if id > namesLocals {
			c.pos += size
			c.mark = c.pos
			continue
		}
		c.mark = c.pos
		c.end = c.pos + size
		c.write(byte(id))
		sizeAt := len(c.out)
		c.write(paddedU32(0)...)
		switch id {
		case namesModule:
			module = c.name()
		case namesFuncs:
			c.nameMap(func() { c.name() })
		case namesLocals:
			c.nameMap(c.localNames)
		}
		if c.pos != c.end {
			c.failf(c.pos, "subsection %d of names is too long", id)
		}
		if c.writing && c.err == nil {
			c.cut(c.end, c.end)
			c.setSize(sizeAt)
		}
		c.end = end
	}
	return module
}

// nameMap reads a map from functions, in order, to what item reads.
func (c *codec) nameMap(item func()) {
	next := uint32(0)
	for range c.count() {
		at := c.pos
		i := c.funcIndex()
		if i < next {
			c.failf(at, "names of functions are out of order")
		}
		next = i + 1
		item()
		if c.err != nil {
			return
		}
	}
}

func (c *codec) localNames() {
	for range c.count() {
		c.u32()
		c.name()
		if c.err != nil {
			return
		}
	}
}
