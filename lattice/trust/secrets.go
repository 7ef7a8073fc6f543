package trust

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
)

// The credentials of schedulers have a third part, after those that NATS knows: what the
// key is derived from with which they open the secrets of their lattice. It follows from
// the key of the lattice's account, so that all schedulers have the same.
const (
	secretsBegin = "-----BEGIN WATTLE SECRETS KEY-----"
	secretsEnd   = "------END WATTLE SECRETS KEY------"
	secretsSize  = 32
)

// secretsOf derives what the schedulers of a lattice open secrets with.
func secretsOf(account nkeys.KeyPair, l lattice.Name) ([]byte, error) {
	seed, err := account.Seed()
	if err != nil {
		return nil, fmt.Errorf("key of the account: %w", err)
	}
	_, raw, err := nkeys.DecodeSeed(seed)
	if err != nil {
		return nil, fmt.Errorf("key of the account: %w", err)
	}
	return hkdf.Key(sha256.New, raw, nil, "wattle secrets 1: "+string(l), secretsSize)
}

// formatSecrets returns the third part of credentials.
func formatSecrets(secrets []byte) string {
	return "\n" + secretsBegin + "\n" + base64.RawURLEncoding.EncodeToString(secrets) + "\n" + secretsEnd + "\n"
}

// parseSecrets reads the third part of credentials, nil if they have none.
func parseSecrets(text string) ([]byte, error) {
	_, rest, ok := strings.Cut(text, secretsBegin)
	if !ok {
		return nil, nil
	}
	encoded, _, ok := strings.Cut(rest, secretsEnd)
	secrets, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimSpace(encoded))
	if !ok || err != nil || len(secrets) != secretsSize {
		return nil, fmt.Errorf("credentials: %w: the key for secrets in them is damaged", lattice.ErrInvalid)
	}
	return secrets, nil
}

// SecretsKey returns the key with which schedulers open the secrets of their lattice.
func (c *Creds) SecretsKey() (*seal.Key, error) {
	switch {
	case c.Role != RoleScheduler:
		return nil, fmt.Errorf("key for secrets of %s: %w: only schedulers have it", c, lattice.ErrDenied)
	case c.secrets == nil:
		return nil, fmt.Errorf("key for secrets of %s: %w: the credentials are of an older version: make new ones with: wattle lattice creds scheduler", c, lattice.ErrNotFound)
	}
	return seal.Derive(c.secrets, "secrets")
}

// SealKey returns the key with which the host whose key this is opens what it is sent. It
// follows from the key.
func (k *Key) SealKey() (*seal.Key, error) {
	private, err := k.private()
	if err != nil {
		return nil, err
	}
	return seal.Derive(private.Seed(), "host")
}
