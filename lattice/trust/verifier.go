package trust

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// maxKnown bounds the schedulers that a verifier remembers. A lattice has a few,
// and forgetting one costs the work of reading its JWT again.
const maxKnown = 64

// NewVerifier returns a verifier of the documents of a lattice. It believes the
// schedulers whose JWTs are signed with one of the keys, which are public keys of
// accounts or of what signs for them; with none it believes no scheduler. Its
// methods may be called at the same time.
func NewVerifier(l lattice.Name, issuers ...string) (lattice.Verifier, error) {
	return newVerifier(l, issuers)
}

func newVerifier(l lattice.Name, issuers []string) (*verifier, error) {
	if _, err := lattice.ParseName(string(l)); err != nil {
		return nil, err
	}
	for _, key := range issuers {
		if _, err := ParseAccount(key); err != nil {
			return nil, err
		}
	}
	return &verifier{lattice: l, issuers: slices.Clone(issuers), known: map[string]scheduler{}}, nil
}

type verifier struct {
	lattice lattice.Name
	issuers []string

	mu    sync.Mutex
	known map[string]scheduler // by JWT; only of schedulers that are believed
}

// scheduler is what a JWT says.
type scheduler struct {
	key       ed25519.PublicKey
	from, end time.Time // zero is without bound
}

// Host implements lattice.Verifier.
func (v *verifier) Host(id lattice.HostID, bucket, key string, signed []byte) ([]byte, error) {
	e, err := wire.ParseSigned(signed)
	if err != nil {
		return nil, refused(bucket, key, err)
	}
	if e.Signer != string(id) {
		return nil, refused(bucket, key, fmt.Errorf("%w: it is signed by %.80q and not by host %q", lattice.ErrDenied, e.Signer, id))
	}
	public, err := nkeys.Decode(nkeys.PrefixByteServer, []byte(id))
	if err != nil || len(public) != ed25519.PublicKeySize {
		return nil, refused(bucket, key, fmt.Errorf("host %.80q: %w: not the public key of a host", string(id), lattice.ErrInvalid))
	}
	return check(e, public, bucket, key)
}

// Scheduler implements lattice.Verifier.
func (v *verifier) Scheduler(bucket, key string, signed []byte) ([]byte, error) {
	e, err := wire.ParseSigned(signed)
	if err != nil {
		return nil, refused(bucket, key, err)
	}
	s, err := v.scheduler(e.Signer)
	if err != nil {
		return nil, refused(bucket, key, err)
	}
	if err := s.valid(time.Now()); err != nil {
		return nil, refused(bucket, key, err)
	}
	return check(e, s.key, bucket, key)
}

// valid returns an error unless now is between the beginning and the end.
func (s *scheduler) valid(now time.Time) error {
	switch {
	case now.Before(s.from):
		return fmt.Errorf("%w: the scheduler's credentials begin at %s, and it is %s here", lattice.ErrDenied, s.from.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case !s.end.IsZero() && !now.Before(s.end):
		return fmt.Errorf("%w: the scheduler's credentials ended at %s: make new ones with: wattle lattice creds scheduler", lattice.ErrDenied, s.end.UTC().Format(time.RFC3339))
	}
	return nil
}

// scheduler returns what the JWT of a scheduler says, if it is believed.
func (v *verifier) scheduler(token string) (scheduler, error) {
	v.mu.Lock()
	s, ok := v.known[token]
	v.mu.Unlock()
	if ok {
		return s, nil
	}
	s, err := v.read(token)
	if err != nil {
		return scheduler{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.known) >= maxKnown {
		clear(v.known)
	}
	v.known[strings.Clone(token)] = s
	return s, nil
}

func (v *verifier) read(token string) (scheduler, error) {
	claims, err := decodeUser(token)
	if err != nil {
		return scheduler{}, fmt.Errorf("its signer is no scheduler: %w", err)
	}
	role, of := tagValue(claims, tagRole), tagValue(claims, tagLattice)
	switch {
	case !slices.Contains(v.issuers, claims.Issuer):
		return scheduler{}, fmt.Errorf("%w: its signer was let in by %s, which is not trusted here", lattice.ErrDenied, claims.Issuer)
	case role != string(RoleScheduler):
		return scheduler{}, fmt.Errorf("%w: its signer has the role %.80q and not %q", lattice.ErrDenied, role, RoleScheduler)
	case of != string(v.lattice):
		return scheduler{}, fmt.Errorf("%w: its signer is of lattice %.80q and not of %q", lattice.ErrDenied, of, v.lattice)
	}
	public, err := nkeys.Decode(nkeys.PrefixByteUser, []byte(claims.Subject))
	if err != nil || len(public) != ed25519.PublicKeySize {
		return scheduler{}, fmt.Errorf("its signer: %w: not the public key of a user", lattice.ErrInvalid)
	}
	s := scheduler{key: public}
	if claims.NotBefore != 0 {
		s.from = time.Unix(claims.NotBefore, 0)
	}
	if claims.Expires != 0 {
		s.end = time.Unix(claims.Expires, 0)
	}
	return s, nil
}

// check returns the value if its signature is good.
func check(e *wire.Signed, public ed25519.PublicKey, bucket, key string) ([]byte, error) {
	payload, err := wire.Payload(bucket, key, e.Value)
	if err != nil {
		return nil, refused(bucket, key, err)
	}
	if !ed25519.Verify(public, payload, e.Signature) {
		return nil, refused(bucket, key, fmt.Errorf("%w: the signature is not that of %.80q for this key", lattice.ErrDenied, e.Signer))
	}
	return e.Value, nil
}

func refused(bucket, key string, err error) error {
	return fmt.Errorf("document %.200q of %q: %w", key, bucket, err)
}
