package memfs

import "slices"

// content is the content of a file, in pages. What no page has is zero.
type content struct {
	size  int64
	pages []page
}

// page is pageSize bytes of a file, of which those behind its end are zero.
type page struct {
	b      []byte
	shared bool // others have it too
}

const pageSize = 64 << 10

// share returns a copy. The pages of both are shared from then on, but only those of
// the copy know it: c must not be changed any more.
func (c *content) share() content {
	pages := slices.Clone(c.pages)
	for i := range pages {
		pages[i].shared = true
	}
	return content{c.size, pages}
}

// readAt reads what there is from an offset on.
func (c *content) readAt(p []byte, off int64) int {
	if off >= c.size {
		return 0
	}
	p = p[:min(int64(len(p)), c.size-off)]
	for done := 0; done < len(p); {
		at := off + int64(done)
		i, in := int(at/pageSize), int(at%pageSize)
		part := p[done:min(len(p), done+pageSize-in)]
		n := 0
		if i < len(c.pages) && in < len(c.pages[i].b) {
			n = copy(part, c.pages[i].b[in:])
		}
		clear(part[n:])
		done += len(part)
	}
	return len(p)
}

// writeAt writes all of p, within the size.
func (c *content) writeAt(p []byte, off int64) {
	if n := int((off + int64(len(p)) + pageSize - 1) / pageSize); n > len(c.pages) {
		c.pages = slices.Grow(c.pages, n-len(c.pages))[:n]
	}
	for len(p) > 0 {
		in := int(off % pageSize)
		n := min(len(p), pageSize-in)
		c.pages[off/pageSize].writeAt(p[:n], in)
		p, off = p[n:], off+int64(n)
	}
}

func (g *page) writeAt(p []byte, in int) {
	end := in + len(p)
	switch {
	case g.shared:
		g.b, g.shared = append(make([]byte, 0, max(end, len(g.b))), g.b...), false
	case end > cap(g.b):
		// By at least a half, so that many small writes cost little.
		g.b = append(make([]byte, 0, min(max(end, cap(g.b)*3/2), pageSize)), g.b...)
	}
	if end > len(g.b) {
		had := len(g.b)
		g.b = g.b[:end]
		clear(g.b[had:max(had, in)]) // it may have been longer once
	}
	copy(g.b[in:], p)
}

// truncate sets the size.
func (c *content) truncate(size int64) {
	if size < c.size {
		n := int((size + pageSize - 1) / pageSize)
		if n < len(c.pages) {
			clear(c.pages[n:])
			c.pages = slices.Clip(c.pages[:n:n])
		}
		if in := int(size % pageSize); n > 0 && n == len(c.pages) && in > 0 && in < len(c.pages[n-1].b) {
			c.pages[n-1].b = c.pages[n-1].b[:in]
		}
	}
	c.size = size
}
