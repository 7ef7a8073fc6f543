package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// PutSecret makes a secret, or a new version of one. Who uses its newest version gets the
// new value.
type PutSecret struct {
	Secret lattice.SecretName `json:"secret"`
	// Sealed is the value, sealed with what SecretsKey is answered as wire.SecretContext.
	Sealed []byte `json:"sealed"`
	// By is who asks for it, for people.
	By string `json:"by,omitempty"`
}

// Name implements Command.
func (*PutSecret) Name() string { return "secret.put" }

// Check implements Command.
func (c *PutSecret) Check() error {
	var sealed error
	if n := len(c.Sealed); n == 0 || n > wire.MaxSealed {
		sealed = invalid("sealed: %d bytes, want 1 to %d", n, wire.MaxSealed)
	}
	var reserved error
	if c.Secret == wire.SharedSecret().Name {
		reserved = invalid("secret %q: the name is that of one that hosts share", c.Secret)
	}
	return errors.Join(checkSecretName(c.Secret), reserved, sealed, checkBy(c.By))
}

// StoreSecret seals a value for the schedulers of the lattice, and puts it. The verifier
// knows them: to nobody else is a value given.
func (c *Client) StoreSecret(ctx context.Context, verifier lattice.Verifier, name lattice.SecretName, value []byte, by string) (*SecretResult, error) {
	put := &PutSecret{Secret: name, By: by}
	if n := len(value); n == 0 || n > wire.MaxSecretValue {
		return nil, invalid("secret %.80q: its value has %d bytes, want 1 to %d", name, n, wire.MaxSecretValue)
	}
	if err := checkSecretName(name); err != nil {
		return nil, err
	}
	answer := new(SecretsKeyResult)
	if err := c.Do(ctx, &SecretsKey{}, answer); err != nil {
		return nil, err
	}
	document, err := verifier.Scheduler(wire.SealKeyBucket, wire.SealKeyKey, answer.Signed)
	if err != nil {
		return nil, fmt.Errorf("key to seal secrets with: %w", err)
	}
	key, err := wire.DecodeSealKey(document, c.Lattice)
	if err != nil {
		return nil, err
	}
	if put.Sealed, err = seal.Seal(key, wire.SecretContext(c.Lattice, name), value); err != nil {
		return nil, err
	}
	result := new(SecretResult)
	return result, c.Do(ctx, put, result)
}

// DeleteSecret removes a secret that nothing names, with all its versions. It is no error
// if there is none.
type DeleteSecret struct {
	Secret lattice.SecretName `json:"secret"`
}

// Name implements Command.
func (*DeleteSecret) Name() string { return "secret.delete" }

// Check implements Command.
func (c *DeleteSecret) Check() error { return checkSecretName(c.Secret) }

// SecretResult is what became of a command on a secret.
type SecretResult struct {
	Result
	Secret lattice.SecretName `json:"secret"`
	// Version is the newest one.
	Version uint64 `json:"version,omitempty"`
}

// SecretsKey asks for the key to seal secrets with: a SecretsKeyResult.
type SecretsKey struct{}

// Name implements Command.
func (*SecretsKey) Name() string { return "secret.key" }

// Check implements Command.
func (*SecretsKey) Check() error { return nil }

// SecretsKeyResult is the answer to SecretsKey.
type SecretsKeyResult struct {
	// Signed is the document of wire.EncodeSealKey, signed by a scheduler for the bucket
	// wire.SealKeyBucket and the key wire.SealKeyKey: nobody else may say what secrets are
	// sealed with.
	Signed json.RawMessage `json:"signed"`
}

// ListSecrets asks which secrets there are: a SecretList.
type ListSecrets struct{}

// Name implements Command.
func (*ListSecrets) Name() string { return "secret.list" }

// Check implements Command.
func (*ListSecrets) Check() error { return nil }

// SecretList is the answer to ListSecrets.
type SecretList struct {
	Secrets []SecretSummary `json:"secrets"`
}

// SecretSummary is what there is to say of a secret.
type SecretSummary struct {
	Secret lattice.SecretName `json:"secret"`
	// Version is the newest, of so many that are kept.
	Version  uint64    `json:"version"`
	Versions int       `json:"versions"`
	Changed  time.Time `json:"changed"`
	By       string    `json:"by,omitempty"`
	// Users is how many components, capabilities and links may ask for it.
	Users int `json:"users"`
}

// SecretHistoryOf asks for the versions of a secret: a SecretHistory.
type SecretHistoryOf struct {
	Secret lattice.SecretName `json:"secret"`
}

// Name implements Command.
func (*SecretHistoryOf) Name() string { return "secret.history" }

// Check implements Command.
func (c *SecretHistoryOf) Check() error { return checkSecretName(c.Secret) }

// SecretHistory is the answer to SecretHistoryOf.
type SecretHistory struct {
	Secret lattice.SecretName `json:"secret"`
	// Versions are those that are kept, oldest first.
	Versions []SecretVersion `json:"versions"`
	// Users are the first of those that may ask for it, for people.
	Users []string `json:"users"`
}

// SecretVersion is a version of a secret.
type SecretVersion struct {
	Version uint64    `json:"version"`
	At      time.Time `json:"at"`
	By      string    `json:"by,omitempty"`
}

func checkSecretName(name lattice.SecretName) error {
	_, err := lattice.ParseSecretName(string(name))
	return err
}
