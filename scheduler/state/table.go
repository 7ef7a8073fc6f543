package state

import (
	"iter"
	"strings"

	"github.com/tidwall/btree"
)

// table is a sorted map that shares with its forks what is the same in both. Once it
// belongs to a State it is only read, by any number of goroutines.
type table[V any] struct {
	m btree.Map[string, V]
}

// fork returns a table with the same content that may be written.
func (t *table[V]) fork() table[V] {
	// Copy writes to the map that it is called on, which others may be reading: so
	// that is another one.
	m := t.m
	return table[V]{*m.Copy()}
}

func (t *table[V]) get(name string) V {
	v, _ := t.m.Get(name)
	return v
}

// put sets a value, or deletes it.
func (t *table[V]) put(name string, v V, there bool) {
	if there {
		t.m.Set(name, v)
		return
	}
	t.m.Delete(name)
}

// all returns the values in the order of their names.
func (t *table[V]) all() iter.Seq[V] {
	return func(yield func(V) bool) {
		t.m.Scan(func(_ string, v V) bool { return yield(v) })
	}
}

// under returns the names that begin with prefix, and their values, in order.
func (t *table[V]) under(prefix string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		t.m.Ascend(prefix, func(name string, v V) bool { return strings.HasPrefix(name, prefix) && yield(name, v) })
	}
}
