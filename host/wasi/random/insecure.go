package random

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/wattle-dev/wattle/host/component"
)

// insecure implements Insecure with the generator of the Go runtime: it needs no
// lock and no seed of ours, and nobody may want its sequence again.
type insecure struct{}

// GetInsecureRandomBytes implements insecure.get-insecure-random-bytes.
func (insecure) GetInsecureRandomBytes(_ *component.Call, n uint64) ([]byte, error) {
	if err := allowed(n); err != nil {
		return nil, err
	}
	b := make([]byte, 0, n+7)
	for uint64(len(b)) < n {
		b = binary.LittleEndian.AppendUint64(b, rand.Uint64())
	}
	return b[:n], nil
}

// GetInsecureRandomU64 implements insecure.get-insecure-random-u64.
func (insecure) GetInsecureRandomU64(*component.Call) (uint64, error) { return rand.Uint64(), nil }
