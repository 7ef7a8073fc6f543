package memfs

import (
	"cmp"
	"iter"
	"slices"
)

// names are the entries of a directory. Those of a copy are those of its base but
// for the ones that own has, which are entries of the copy or, without a node, no
// entries any more.
type names struct {
	base  *names // or nil; it has none itself
	own   map[string]*entry
	order []*entry // of own, by seq; entries without a node are passed over
	gone  int      // entries of order without a node
	next  uint64   // seq of the next entry
	count int      // of names that there are
}

type entry struct {
	name string
	node *node
	seq  uint64
}

// find returns the node of a name, or nil.
func (s *names) find(name string) *node {
	if e := s.own[name]; e != nil {
		return e.node
	}
	if s.base != nil {
		return s.base.find(name)
	}
	return nil
}

// add adds a name that is not there.
func (s *names) add(name string, n *node) {
	e := &entry{name, n, s.next}
	if s.own == nil {
		s.own = map[string]*entry{}
	}
	s.own[name] = e
	s.order = append(s.order, e)
	s.next++
	s.count++
}

// cost returns how many files are charged to remove a name: one for the mark that the
// base has no entry of that name, or less than none.
func (s *names) cost(name string) int64 {
	if s.own[name] == nil {
		return 1
	}
	return -1
}

// remove removes a name that is there.
func (s *names) remove(name string) {
	s.count--
	e := s.own[name]
	switch {
	case e == nil:
		if s.own == nil {
			s.own = map[string]*entry{}
		}
		s.own[name] = &entry{name: name}
		return
	case s.base != nil && s.base.find(name) != nil:
		s.own[name] = &entry{name: name}
	default:
		delete(s.own, name)
	}
	e.node = nil
	if s.gone++; s.gone > len(s.order)/2 {
		s.order = slices.DeleteFunc(s.order, func(e *entry) bool { return e.node == nil })
		s.gone = 0
	}
}

// after returns the first entry of order from a seq on, or nil.
func (s *names) after(seq uint64) *entry {
	i, _ := slices.BinarySearchFunc(s.order, seq, func(e *entry, seq uint64) int { return cmp.Compare(e.seq, seq) })
	for ; i < len(s.order); i++ {
		if s.order[i].node != nil {
			return s.order[i]
		}
	}
	return nil
}

// all are the nodes of the entries, in no order.
func (s *names) all() iter.Seq[*node] {
	return func(yield func(*node) bool) {
		for _, e := range s.order {
			if e.node != nil && !yield(e.node) {
				return
			}
		}
		if s.base == nil {
			return
		}
		for _, e := range s.base.order {
			if e.node != nil && s.own[e.name] == nil && !yield(e.node) {
				return
			}
		}
	}
}

// list returns the entries of a directory without a base.
func (s *names) list() []*entry {
	return slices.DeleteFunc(slices.Clone(s.order), func(e *entry) bool { return e.node == nil })
}
