package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
)

// Shared is a random secret that several sides know: the token of a client, for example.
// It does not print itself.
type Shared [32]byte

// MCP is the purpose of what the hosts and gateways of a lattice share, so that each
// serves the sessions of MCP that another one has begun.
const MCP = "mcp"

var sharedEncoding = base64.RawURLEncoding.Strict()

// ParseShared reads what Reveal returns.
func ParseShared(text string) (*Shared, error) {
	s := new(Shared)
	if len(text) == sharedEncoding.EncodedLen(len(s)) {
		if n, err := sharedEncoding.Decode(s[:], []byte(text)); err == nil && n == len(s) {
			return s, nil
		}
	}
	return nil, fmt.Errorf("shared secret: %w: it is not %d bytes in base64url without padding", lattice.ErrInvalid, len(s))
}

// Reveal returns the secret as a text: 43 letters, digits, hyphens and underscores.
func (s *Shared) Reveal() string { return sharedEncoding.EncodeToString(s[:]) }

// For returns the secret for one purpose. Who has it does not know the others.
func (s *Shared) For(purpose string) (*Shared, error) {
	return derive(s[:], "wattle shared 1: "+purpose)
}

// Shared returns a secret that all who have the key share, for a purpose.
func (k *Key) Shared(purpose string) (*Shared, error) {
	private, err := k.private.Bytes() // which are the key's own
	if err != nil {
		return nil, fmt.Errorf("shared secret: %w", err)
	}
	return derive(private, "wattle shared key 1: "+purpose)
}

func derive(secret []byte, info string) (*Shared, error) {
	out := new(Shared)
	raw, err := hkdf.Key(sha256.New, secret, nil, info, len(out))
	if err != nil {
		return nil, fmt.Errorf("shared secret: %w", err)
	}
	copy(out[:], raw)
	clear(raw)
	return out, nil
}

// String implements fmt.Stringer without the secret.
func (*Shared) String() string { return "REDACTED" }

// GoString implements fmt.GoStringer without the secret.
func (*Shared) GoString() string { return "REDACTED" }
