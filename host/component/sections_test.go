package component_test

import (
	"encoding/binary"
	"slices"
)

// sectionNode is a part of a component that has a size: the whole, a section, a
// core module, a function body. Its parts are encoded anew with the sizes that
// they have, so that a change comes further than to the next size.
type sectionNode struct {
	head  []byte // before the parts: a header, or the section ID
	sized bool   // the size of what follows the head is written after it
	count bool   // the number of parts is written before them
	parts []*sectionNode
	leaf  []byte // instead of parts
}

// Section IDs of components and of core modules.
const (
	sectionCoreModule = 1
	sectionComponent  = 4
	sectionCode       = 10
)

// parseSections takes a component or a core module apart, as far as it is one.
func parseSections(b []byte) *sectionNode {
	const header = 8
	if len(b) < header {
		return &sectionNode{leaf: b}
	}
	isComponent := b[4] == 0x0d
	n := &sectionNode{head: b[:header]}
	for b = b[header:]; len(b) > 0; {
		size, k := binary.Uvarint(b[1:])
		if k <= 0 || size > uint64(len(b)-1-k) {
			n.parts = append(n.parts, &sectionNode{leaf: b})
			break
		}
		content := b[1+k : 1+k+int(size)]
		s := &sectionNode{head: b[:1], sized: true, leaf: content}
		switch {
		case isComponent && (b[0] == sectionCoreModule || b[0] == sectionComponent):
			s.leaf, s.parts = nil, []*sectionNode{parseSections(content)}
		case !isComponent && b[0] == sectionCode:
			s = parseCode(s)
		}
		n.parts = append(n.parts, s)
		b = b[1+k+int(size):]
	}
	return n
}

// parseCode takes a code section apart.
func parseCode(s *sectionNode) *sectionNode {
	out := &sectionNode{head: s.head, sized: true, count: true}
	n, k := binary.Uvarint(s.leaf)
	b := s.leaf[max(k, 0):]
	for range n {
		size, k := binary.Uvarint(b)
		if k <= 0 || size > uint64(len(b)-k) {
			return s
		}
		out.parts = append(out.parts, &sectionNode{sized: true, leaf: b[k : k+int(size)]})
		b = b[k+int(size):]
	}
	return out
}

func (n *sectionNode) encode() []byte {
	body := slices.Clone(n.leaf)
	if n.count {
		body = binary.AppendUvarint(body, uint64(len(n.parts)))
	}
	for _, p := range n.parts {
		body = append(body, p.encode()...)
	}
	out := slices.Clone(n.head)
	if n.sized {
		out = binary.AppendUvarint(out, uint64(len(body)))
	}
	return append(out, body...)
}

// collect appends n and all of its parts.
func (n *sectionNode) collect(all *[]*sectionNode) {
	*all = append(*all, n)
	for _, p := range n.parts {
		p.collect(all)
	}
}

// change changes the node, or the order of its parts.
func (n *sectionNode) change(how byte, at int, by byte) {
	if len(n.parts) > 0 {
		i, j := at%len(n.parts), int(by)%len(n.parts)
		switch how % 3 {
		case 0:
			n.parts = slices.Delete(slices.Clone(n.parts), i, i+1)
		case 1:
			n.parts = slices.Insert(slices.Clone(n.parts), j, n.parts[i])
		default:
			n.parts[i], n.parts[j] = n.parts[j], n.parts[i]
		}
		return
	}
	if len(n.leaf) == 0 {
		n.leaf = []byte{by}
		return
	}
	at += int(how>>3) << 8
	at %= len(n.leaf)
	n.leaf = slices.Clone(n.leaf)
	switch how % 8 {
	case 0:
		n.leaf = slices.Insert(n.leaf, at, by)
	case 1:
		n.leaf = slices.Delete(n.leaf, at, at+1)
	case 2:
		n.leaf[at]++
	case 3:
		n.leaf[at]--
	case 4:
		n.leaf = slices.Insert(n.leaf, at, 0xff, 0xff, 0xff, 0xff, 0x0f) // 2^32-1
	default:
		n.leaf[at] = by
	}
}
