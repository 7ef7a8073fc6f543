package random

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/wattle-dev/wattle/host/component"
)

// secure implements Random and InsecureSeed.
type secure struct{}

// GetRandomBytes implements random.get-random-bytes.
func (secure) GetRandomBytes(_ *component.Call, n uint64) ([]byte, error) {
	if err := allowed(n); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err := rand.Read(b)
	return b, err
}

// GetRandomU64 implements random.get-random-u64.
func (secure) GetRandomU64(*component.Call) (uint64, error) {
	var b [8]byte
	_, err := rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:]), err
}

// InsecureSeed implements insecure-seed.insecure-seed.
func (secure) InsecureSeed(*component.Call) (component.Tuple2[uint64, uint64], error) {
	var b [16]byte
	_, err := rand.Read(b[:])
	le := binary.LittleEndian
	return component.Tuple2[uint64, uint64]{V0: le.Uint64(b[:]), V1: le.Uint64(b[8:])}, err
}
