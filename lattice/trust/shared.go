package trust

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
)

// OpenShared reads a secret from a file that only its owner may read.
func OpenShared(file string) (*seal.Shared, error) {
	text, err := readPrivate(file)
	if err != nil {
		return nil, err
	}
	s, err := seal.ParseShared(string(text))
	if err != nil {
		return nil, fmt.Errorf("%q: %w: it is not what was written there: delete it, and another one is made", file, lattice.ErrInvalid)
	}
	return s, nil
}

// OpenOrCreateShared is OpenShared that makes a secret if there is no file.
func OpenOrCreateShared(file string) (*seal.Shared, error) {
	s, err := OpenShared(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	s = new(seal.Shared)
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
