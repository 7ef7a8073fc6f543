package trust

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// signer signs with a key under a name: a host's ID, or a scheduler's JWT.
type signer struct {
	key  *Key
	name string
}

// NewHostSigner returns a signer of the documents of a host, which is its key.
func NewHostSigner(k *Key) lattice.Signer {
	return &signer{key: k, name: string(k.HostID())}
}

// NewSigner returns a signer of the documents of a host or of a scheduler, by its
// credentials.
func NewSigner(c *Creds) (lattice.Signer, error) {
	switch c.Role {
	case RoleHost:
		return NewHostSigner(c.Key), nil
	case RoleScheduler:
		return &signer{key: c.Key, name: c.JWT}, nil
	case RoleGateway, RoleOperator, RoleViewer, RoleWasmCloud:
	}
	return nil, fmt.Errorf("sign as %s: %w: only hosts and schedulers have documents", c, lattice.ErrDenied)
}

// Sign implements lattice.Signer.
func (s *signer) Sign(bucket, key string, value []byte) ([]byte, error) {
	payload, err := wire.Payload(bucket, key, value)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	signature, err := s.key.sign(payload)
	if err != nil {
		return nil, fmt.Errorf("sign %q of %q: %w", key, bucket, err)
	}
	signed, err := (&wire.Signed{Value: value, Signer: s.name, Signature: signature}).Encode()
	if err != nil {
		return nil, fmt.Errorf("sign %q of %q: %w", key, bucket, err)
	}
	return signed, nil
}
