package trust

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"

	"github.com/wattle-dev/wattle/lattice"
)

// Shared is a random secret that two sides know: the token of a client, for example. It
// does not print itself.
type Shared [32]byte

var sharedEncoding = base64.RawURLEncoding.Strict()

// Reveal returns the secret as a text: 43 letters, digits, hyphens and underscores.
func (s *Shared) Reveal() string { return sharedEncoding.EncodeToString(s[:]) }

// String implements fmt.Stringer.
func (*Shared) String() string { return "REDACTED" }

// GoString implements fmt.GoStringer.
func (*Shared) GoString() string { return "REDACTED" }

// OpenShared reads a secret from a file that only its owner may read.
func OpenShared(file string) (*Shared, error) {
	text, err := readPrivate(file)
	if err != nil {
		return nil, err
	}
	s := new(Shared)
	n, err := sharedEncoding.Decode(s[:], text[:min(len(text), sharedEncoding.EncodedLen(len(s)))])
	if err != nil || n != len(s) || len(text) != sharedEncoding.EncodedLen(len(s)) {
		return nil, fmt.Errorf("%q: %w: it is not what was written there: delete it, and another one is made", file, lattice.ErrInvalid)
	}
	return s, nil
}

// OpenOrCreateShared is OpenShared that makes a secret if there is no file.
func OpenOrCreateShared(file string) (*Shared, error) {
	s, err := OpenShared(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	s = new(Shared)
	_, _ = rand.Read(s[:]) // it never fails
	err = createPrivate(file, []byte(s.Reveal()+"\n"))
	if errors.Is(err, fs.ErrExist) {
		return OpenShared(file) // somebody else made it meanwhile
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}
