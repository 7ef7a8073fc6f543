// Package random implements wasi:random@0.2: random, insecure and insecure-seed.
//
// Secure bytes and seeds come from the operating system by way of crypto/rand.
// Insecure ones come from the generator of math/rand/v2, which the Go runtime
// seeds from the operating system. Nothing here can be made to repeat: the WIT
// text demands of random that it never does, and a guest that wants a sequence
// again has to bring its own generator.
package random

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component"
)

// MaxBytes is how many bytes a guest can ask for in one call. The functions
// cannot return fewer than asked, so that more is a trap.
const MaxBytes = 1 << 20

// Define offers all of wasi:random to l.
func Define(l *component.Linker) error {
	return errors.Join(
		DefineRandom(l, func(*component.Call) Random { return secure{} }),
		DefineInsecure(l, func(*component.Call) Insecure { return insecure{} }),
		DefineInsecureSeed(l, func(*component.Call) InsecureSeed { return secure{} }),
	)
}

// allowed judges how many bytes are asked for.
func allowed(n uint64) error {
	if n > MaxBytes {
		return fmt.Errorf("guest asks for %d random bytes at once, at most %d are allowed", n, MaxBytes)
	}
	return nil
}
