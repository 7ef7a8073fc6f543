// Package seal encrypts short texts for the holder of a key, so that they can pass
// through and lie in places that others read: hybrid public key encryption, RFC 9180, in
// base mode.
//
// The key encapsulation is X25519 with ML-KEM-768: what is recorded now stays closed to
// who has a quantum computer later. Keys are derived by HKDF-SHA-256 from a secret that the
// holder has already, and are kept nowhere.
//
// # What a sealed text says
//
// Anybody can seal a text for a public key. That it is from whom it should be is to be
// shown by other means, such as a signature. But it is bound to its context: what was
// sealed as one thing does not open as another.
package seal

import (
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
)

// version begins everything that is sealed, and says how.
const version = 1

// Bounds of what is sealed.
const (
	// PublicSize is the size of a public key.
	PublicSize = 1216
	// Overhead is by how much a sealed text is longer than the text: the version, an
	// encapsulated key and a tag.
	Overhead = 1 + 1120 + 16
)

var (
	kem  = hpke.MLKEM768X25519
	kdf  = hpke.HKDFSHA256
	aead = hpke.ChaCha20Poly1305
)

// Key opens what was sealed for it. It does not print itself.
type Key struct {
	private hpke.PrivateKey
}

// Derive makes the key that belongs to a secret for a purpose. The same two make the same
// key.
func Derive(secret []byte, purpose string) (*Key, error) {
	if len(secret) < 32 {
		return nil, fmt.Errorf("key to open with: %w: it is derived from %d bytes, want 32 at least", lattice.ErrInvalid, len(secret))
	}
	material, err := hkdf.Key(sha256.New, secret, nil, "wattle seal 1: "+purpose, 64)
	if err != nil {
		return nil, fmt.Errorf("key to open with: %w", err)
	}
	private, err := kem().DeriveKeyPair(material)
	if err != nil {
		return nil, fmt.Errorf("key to open with: %w", err)
	}
	return &Key{private}, nil
}

// Public returns what others seal for the key with.
func (k *Key) Public() []byte { return k.private.PublicKey().Bytes() }

// String implements fmt.Stringer without the key.
func (*Key) String() string { return "a key to open with" }

// GoString implements fmt.GoStringer without the key.
func (k *Key) GoString() string { return k.String() }

// Open returns a text that was sealed for the key in a context. The error is
// lattice.ErrDenied if it was sealed for another key or in another context, or was
// changed since.
func (k *Key) Open(context string, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, fmt.Errorf("sealed text: %w: it has not the form of one that this version of Wattle opens", lattice.ErrInvalid)
	}
	text, err := hpke.Open(k.private, kdf(), aead(), []byte(context), sealed[1:])
	if err != nil {
		return nil, fmt.Errorf("sealed text: %w: it was sealed for another key, or as something else, or changed", lattice.ErrDenied)
	}
	return text, nil
}

// Seal encrypts a text in a context for the holder of a public key.
func Seal(public []byte, context string, text []byte) ([]byte, error) {
	to, err := kem().NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("key to seal with: %w: %v", lattice.ErrInvalid, err)
	}
	sealed, err := hpke.Seal(to, kdf(), aead(), []byte(context), text)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return append([]byte{version}, sealed...), nil
}
