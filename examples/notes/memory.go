//go:build !wasip1

package main

import (
	"maps"
	"slices"
	"sync"
)

// memory is a store for where there is no host that gives one.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
}

func (m *memory) Get(key string) (value []byte, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok = m.values[key]
	return value, ok, nil
}

func (m *memory) Set(key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = value
	return nil
}

func (m *memory) Delete(key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

// Keys returns one key a page.
func (m *memory) Keys(cursor uint64) (keys []string, next uint64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Sorted(maps.Keys(m.values))
	if cursor >= uint64(len(all)) {
		return nil, 0, nil
	}
	if cursor+1 < uint64(len(all)) {
		next = cursor + 1
	}
	return all[cursor : cursor+1], next, nil
}

func (m *memory) Drop() {}
