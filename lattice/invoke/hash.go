package invoke

import (
	"sync"
	"sync/atomic"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/witbin"
)

// maxHashes bounds what hashes remember.
const maxHashes = 4096

// hashes remembers the hashes of types of functions.
type hashes struct {
	known sync.Map // *wit.Func to uint64
	count atomic.Int64
}

func (h *hashes) of(fn *wit.Func) uint64 {
	if v, ok := h.known.Load(fn); ok {
		hash, _ := v.(uint64)
		return hash
	}
	hash := witbin.Hash(fn)
	if h.count.Add(1) > maxHashes {
		h.known.Clear()
		h.count.Store(1)
	}
	h.known.Store(fn, hash)
	return hash
}
