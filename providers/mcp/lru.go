package mcp

import (
	"container/list"
	"sync"
)

// lru is a map that forgets what was not used for the longest time when it is full. Its
// methods may be called at the same time.
type lru[K comparable, V any] struct {
	limit int

	mu    sync.Mutex
	order *list.List // of *lruItem[K, V], the last used first
	items map[K]*list.Element
}

type lruItem[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](limit int) *lru[K, V] {
	return &lru[K, V]{limit: limit, order: list.New(), items: map[K]*list.Element{}}
}

// get returns the value of a key, and whether there is one.
func (l *lru[K, V]) get(key K) (V, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.items[key]
	if !ok {
		var none V
		return none, false
	}
	l.order.MoveToFront(e)
	return e.Value.(*lruItem[K, V]).value, true //nolint:forcetypeassert // the list has no others
}

// put sets the value of a key.
func (l *lru[K, V]) put(key K, value V) {
	l.change(key, func(V, bool) V { return value })
}

// change sets the value of a key to what f makes of the one that there is.
func (l *lru[K, V]) change(key K, f func(before V, ok bool) V) V {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.items[key]; ok {
		l.order.MoveToFront(e)
		item := e.Value.(*lruItem[K, V]) //nolint:forcetypeassert // the list has no others
		item.value = f(item.value, true)
		return item.value
	}
	var none V
	item := &lruItem[K, V]{key, f(none, false)}
	l.items[key] = l.order.PushFront(item)
	for l.order.Len() > l.limit {
		last := l.order.Back()
		delete(l.items, l.order.Remove(last).(*lruItem[K, V]).key) //nolint:forcetypeassert // the list has no others
	}
	return item.value
}
