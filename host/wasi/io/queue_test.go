package io

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestQueueIsFirstInFirstOut(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, size := range []int{1, 7, 1000, 5000} {
		q := queue{max: size}
		var want []byte
		for i := range 3000 {
			if rng.IntN(2) == 0 {
				p := make([]byte, rng.IntN(q.free()+1))
				for j := range p {
					p[j] = byte(rng.Uint32())
				}
				q.push(p)
				want = append(want, p...)
			} else {
				p := make([]byte, rng.IntN(size+2))
				n := q.pop(p)
				if n != min(len(p), len(want)) || !bytes.Equal(p[:n], want[:n]) {
					t.Fatalf("seed %d, size %d, step %d: pop = %q, want %q", seed, size, i, p[:n], want[:min(len(p), len(want))])
				}
				want = want[n:]
			}
			if q.n != len(want) || len(q.buf) > size {
				t.Fatalf("seed %d, size %d, step %d: holds %d bytes in %d, want %d", seed, size, i, q.n, len(q.buf), len(want))
			}
		}
	}
}
