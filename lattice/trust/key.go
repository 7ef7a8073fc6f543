package trust

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
)

// Key is the key of a host or of another user. It does not print itself.
type Key struct {
	pair nkeys.KeyPair // of the user kind
	raw  [32]byte      // the ed25519 public key
	user string        // the same, "U…"
}

// NewKey makes a key.
func NewKey() (*Key, error) {
	pair, err := nkeys.CreatePairWithRand(nkeys.PrefixByteUser, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return newKey(pair)
}

func newKey(pair nkeys.KeyPair) (*Key, error) {
	user, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	raw, err := nkeys.Decode(nkeys.PrefixByteUser, []byte(user))
	if err != nil {
		return nil, fmt.Errorf("key: %w: it is not of the user kind", lattice.ErrInvalid)
	}
	k := &Key{pair: pair, user: user}
	if copy(k.raw[:], raw) != len(k.raw) {
		return nil, fmt.Errorf("key: %w: it has the wrong size", lattice.ErrInvalid)
	}
	return k, nil
}

// OpenKey reads a key from a file that only its owner can read.
func OpenKey(file string) (*Key, error) {
	pair, err := openSeed(file, nkeys.PrefixByteUser)
	if err != nil {
		return nil, err
	}
	return newKey(pair)
}

// OpenOrCreateKey reads a key from a file that only its owner can read, and makes
// it if there is none.
func OpenOrCreateKey(file string) (*Key, error) {
	pair, err := openOrCreateSeed(file, nkeys.PrefixByteUser)
	if err != nil {
		return nil, err
	}
	return newKey(pair)
}

// User returns the public key as the name of a NATS user, "U…".
func (k *Key) User() string { return k.user }

// HostID returns the public key as the ID of a host, "N…".
func (k *Key) HostID() lattice.HostID { return hostID(k.raw[:]) }

// maxNonce bounds what a NATS server asks to be signed. It asks for some 15 bytes.
const maxNonce = 256

// SignNonce signs what a NATS server asks a user to sign. It signs nothing but base64
// and base64url: a server that has been taken over could otherwise have a document or
// a handshake of TLS be signed.
func (k *Key) SignNonce(nonce []byte) ([]byte, error) {
	ok := len(nonce) <= maxNonce
	for i := 0; ok && i < len(nonce); i++ {
		c := nonce[i]
		ok = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_+/=", c) >= 0
	}
	if !ok {
		return nil, fmt.Errorf("sign %.80q: %w: a NATS server asks for something else than base64", nonce, lattice.ErrDenied)
	}
	return k.sign(nonce)
}

func (k *Key) sign(message []byte) ([]byte, error) { return k.pair.Sign(message) }

// String implements fmt.Stringer with the public key.
func (k *Key) String() string { return k.user }

// GoString implements fmt.GoStringer with the public key.
func (k *Key) GoString() string { return k.user }

// LogValue implements slog.LogValuer with the public key.
func (k *Key) LogValue() slog.Value { return slog.StringValue(k.user) }

func hostID(raw []byte) lattice.HostID {
	id, err := nkeys.Encode(nkeys.PrefixByteServer, raw)
	if err != nil {
		panic(err) // only an invalid prefix is refused
	}
	return lattice.HostID(id)
}

// HostIDOf returns the ID of the host whose NATS user has a public key.
func HostIDOf(user string) (lattice.HostID, error) {
	raw, err := nkeys.Decode(nkeys.PrefixByteUser, []byte(user))
	if err != nil {
		return "", fmt.Errorf("user %.80q: %w: not the public key of a user, U and 55 more characters A-Z and 2-7", user, lattice.ErrInvalid)
	}
	return hostID(raw), nil
}

// UserOf returns the public key of a host's NATS user.
func UserOf(h lattice.HostID) (string, error) {
	raw, err := nkeys.Decode(nkeys.PrefixByteServer, []byte(h))
	if err != nil {
		return "", fmt.Errorf("host %.80q: %w: not the public key of a host", string(h), lattice.ErrInvalid)
	}
	user, err := nkeys.Encode(nkeys.PrefixByteUser, raw)
	return string(user), err
}

// ParseAccount checks the public key of an account, "A…".
func ParseAccount(s string) (string, error) {
	if !nkeys.IsValidPublicAccountKey(s) {
		return "", fmt.Errorf("account %.80q: %w: not the public key of an account, A and 55 more characters A-Z and 2-7", s, lattice.ErrInvalid)
	}
	return s, nil
}

// parseSeed reads a seed of a kind.
func parseSeed(seed []byte, kind nkeys.PrefixByte) (nkeys.KeyPair, error) {
	have, _, err := nkeys.DecodeSeed(seed)
	if err != nil {
		return nil, fmt.Errorf("%w: it is not a seed", lattice.ErrInvalid)
	}
	if have != kind {
		return nil, fmt.Errorf("%w: it is the seed of another kind of key: %s instead of %s", lattice.ErrInvalid, have, kind)
	}
	return nkeys.FromSeed(seed)
}

// openOrCreateSeed reads a seed from a private file, or writes a new one. Of two
// that do it at once one writes, and both get its key.
func openOrCreateSeed(file string, kind nkeys.PrefixByte) (nkeys.KeyPair, error) {
	pair, err := openSeed(file, kind)
	if !errors.Is(err, fs.ErrNotExist) {
		return pair, err
	}
	pair, err = nkeys.CreatePairWithRand(kind, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	seed, err := pair.Seed()
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	err = createPrivate(file, append(seed, '\n'))
	if errors.Is(err, fs.ErrExist) {
		return openSeed(file, kind)
	}
	return pair, err
}

func openSeed(file string, kind nkeys.PrefixByte) (nkeys.KeyPair, error) {
	seed, err := readPrivate(file)
	if err != nil {
		return nil, err
	}
	pair, err := parseSeed(seed, kind)
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", file, err)
	}
	return pair, nil
}
