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

// Those of gateways have one with what hosts and gateways share; see seal.MCP.
const (
	gatewayBegin = "-----BEGIN WATTLE GATEWAY KEY-----"
	gatewayEnd   = "------END WATTLE GATEWAY KEY------"
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
func formatSecrets(begin, end string, secrets []byte) string {
	return "\n" + begin + "\n" + base64.RawURLEncoding.EncodeToString(secrets) + "\n" + end + "\n"
}

// parseSecrets reads a third part of credentials, nil if they have none.
func parseSecrets(begin, end, text string) ([]byte, error) {
	_, rest, ok := strings.Cut(text, begin)
	if !ok {
		return nil, nil
	}
	encoded, _, ok := strings.Cut(rest, end)
	secrets, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimSpace(encoded))
	if !ok || err != nil || len(secrets) != secretsSize {
		return nil, fmt.Errorf("credentials: %w: a key in them is damaged", lattice.ErrInvalid)
	}
	return secrets, nil
}

// sharedOf derives what hosts and gateways share from what schedulers open secrets with.
func sharedOf(secrets []byte) (*seal.Shared, error) {
	key, err := seal.Derive(secrets, "secrets")
	if err != nil {
		return nil, err
	}
	return key.Shared(seal.MCP)
}

// GatewayKey returns what the hosts and gateways of a lattice share, so that each serves
// sessions that another one has begun. Hosts ask a scheduler for it.
func (c *Creds) GatewayKey() (*seal.Shared, error) {
	switch {
	case c.Role != RoleGateway:
		return nil, fmt.Errorf("key for sessions of %s: %w: only gateways have it", c, lattice.ErrDenied)
	case c.shared == nil:
		return nil, fmt.Errorf("key for sessions of %s: %w: the credentials are of an older version: make new ones with: wattle lattice creds gateway", c, lattice.ErrNotFound)
	}
	return c.shared, nil
}

// GatewayKey is that of the credentials of gateways.
func (k *Keyring) GatewayKey(l lattice.Name) (*seal.Shared, error) {
	account, err := k.key(l, "account.nk")
	if err != nil {
		return nil, err
	}
	secrets, err := secretsOf(account, l)
	if err != nil {
		return nil, err
	}
	return sharedOf(secrets)
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
