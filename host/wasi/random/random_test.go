package random

import (
	"bytes"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
)

func TestBytes(t *testing.T) {
	for name, get := range map[string]func(*component.Call, uint64) ([]byte, error){
		"random":   secure{}.GetRandomBytes,
		"insecure": insecure{}.GetInsecureRandomBytes,
	} {
		for _, n := range []uint64{0, 1, 7, 8, 9, 1000, MaxBytes} {
			a, err := get(nil, n)
			if err != nil || uint64(len(a)) != n {
				t.Fatalf("%s: %d bytes: got %d, %v", name, n, len(a), err)
			}
			// Bytes that repeat, or are mostly zero, have a chance of 2^-64 at most.
			b, err := get(nil, n)
			if err != nil || n > 8 && (bytes.Equal(a, b) || bytes.Count(a, []byte{0}) > len(a)/2) {
				t.Errorf("%s: %d bytes are not random: %v", name, n, err)
			}
		}
		for _, n := range []uint64{MaxBytes + 1, 1 << 63} {
			if _, err := get(nil, n); err == nil {
				t.Errorf("%s: %d bytes do not trap", name, n)
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	seen := map[uint64]bool{}
	const times = 100
	for range times {
		a, _ := secure{}.GetRandomU64(nil)
		b, _ := insecure{}.GetInsecureRandomU64(nil)
		c, err := secure{}.InsecureSeed(nil)
		if err != nil {
			t.Fatal(err)
		}
		seen[a], seen[b], seen[c.V0], seen[c.V1] = true, true, true, true
	}
	if len(seen) != 4*times {
		t.Errorf("%d numbers, %d of them different", 4*times, len(seen))
	}
}
