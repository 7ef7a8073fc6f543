package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// The tags of users.
const (
	tagRole    = "role:"
	tagLattice = "lattice:"
	tagHost    = "host:"
)

// Creds are the credentials of a user: its JWT and its key. They do not print the
// key.
type Creds struct {
	// JWT is what the NATS server is shown.
	JWT string
	Key *Key
	// Role, Lattice and Name are what the JWT says. Role and Lattice are empty in
	// credentials that were made by other means.
	Role    Role
	Lattice lattice.Name
	Name    string
	// Account is the public key of the account.
	Account string
	// Expires is when they end; zero is never.
	Expires time.Time

	secrets []byte       // of schedulers; see SecretsKey
	shared  *seal.Shared // of gateways; see GatewayKey
}

// ParseCreds reads the text of a credentials file, as NATS tools write it.
func ParseCreds(text []byte) (*Creds, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("credentials: %w: more than %d bytes", lattice.ErrInvalid, maxFile)
	}
	token, err := jwt.ParseDecoratedJWT(text)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w: they have no JWT", lattice.ErrInvalid)
	}
	pair, err := jwt.ParseDecoratedUserNKey(text)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w: they have no seed of a user", lattice.ErrInvalid)
	}
	key, err := newKey(pair)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	c, err := newCreds(token, key)
	if err != nil {
		return nil, err
	}
	if c.secrets, err = parseSecrets(secretsBegin, secretsEnd, string(text)); err != nil {
		return nil, err
	}
	shared, err := parseSecrets(gatewayBegin, gatewayEnd, string(text))
	if err != nil {
		return nil, err
	}
	if shared != nil {
		c.shared = (*seal.Shared)(shared)
	}
	return c, nil
}

func newCreds(token string, key *Key) (*Creds, error) {
	claims, err := decodeUser(token)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	if claims.Subject != key.User() {
		return nil, fmt.Errorf("credentials: %w: the JWT is of user %s and the seed of user %s", lattice.ErrInvalid, claims.Subject, key.User())
	}
	c := &Creds{JWT: token, Key: key, Name: claims.Name, Account: claims.IssuerAccount}
	if c.Account == "" {
		c.Account = claims.Issuer
	}
	if claims.Expires != 0 {
		c.Expires = time.Unix(claims.Expires, 0)
	}
	if role := tagValue(claims, tagRole); role != "" {
		if c.Role, err = ParseRole(role); err != nil {
			return nil, fmt.Errorf("credentials: %w", err)
		}
	}
	if name := tagValue(claims, tagLattice); name != "" {
		if c.Lattice, err = lattice.ParseName(name); err != nil {
			return nil, fmt.Errorf("credentials: %w", err)
		}
	}
	return c, nil
}

// ReadCreds reads a credentials file, which strangers must not be able to read.
// Its group may, as in volumes of Kubernetes.
func ReadCreds(file string) (*Creds, error) {
	text, err := readBounded(file, 0o007)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("credentials: %w: make some with: wattle lattice creds ROLE -o FILE", err)
	}
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	c, err := ParseCreds(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", file, err)
	}
	return c, nil
}

// Text returns the text of a credentials file. It has the key.
func (c *Creds) Text() ([]byte, error) {
	seed, err := c.Key.pair.Seed()
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	text, err := jwt.FormatUserConfig(c.JWT, seed)
	if err != nil {
		return nil, err
	}
	if c.secrets != nil {
		text = append(text, formatSecrets(secretsBegin, secretsEnd, c.secrets)...)
	}
	if c.shared != nil {
		text = append(text, formatSecrets(gatewayBegin, gatewayEnd, c.shared[:])...)
	}
	return text, nil
}

// Write writes a credentials file that only its owner can read, over one that is
// there.
func (c *Creds) Write(file string) error {
	text, err := c.Text()
	if err != nil {
		return err
	}
	return writePrivate(file, text)
}

// User returns the name of the NATS user, its public key.
func (c *Creds) User() string { return c.Key.User() }

// HostID returns the ID of the host whose credentials these are.
func (c *Creds) HostID() lattice.HostID { return c.Key.HostID() }

// InboxPrefix is how the inboxes of the user begin: on no others may it listen.
func (c *Creds) InboxPrefix() string { return inboxPrefix(c.User()) }

// String implements fmt.Stringer without the key.
func (c *Creds) String() string {
	return fmt.Sprintf("%s %q of lattice %q, user %s", c.Role, c.Name, c.Lattice, c.User())
}

// GoString implements fmt.GoStringer without the key.
func (c *Creds) GoString() string { return c.String() }

// LogValue implements slog.LogValuer without the key.
func (c *Creds) LogValue() slog.Value { return slog.StringValue(c.String()) }

func inboxPrefix(user string) string { return "_INBOX." + user }

// maxJWT bounds a user's JWT: NATS servers take some 4 KiB, unless told otherwise.
const maxJWT = wire.MaxSigner

// decodeUser reads a user's JWT and checks that who issued it signed it, but not
// who that is.
func decodeUser(token string) (*jwt.UserClaims, error) {
	if len(token) > maxJWT {
		return nil, fmt.Errorf("JWT: %w: more than %d bytes", lattice.ErrInvalid, maxJWT)
	}
	claims, err := jwt.DecodeUserClaims(token)
	if err != nil {
		return nil, fmt.Errorf("JWT: %w: %v", lattice.ErrInvalid, err)
	}
	if !nkeys.IsValidPublicUserKey(claims.Subject) {
		return nil, fmt.Errorf("JWT: %w: its subject is not a user", lattice.ErrInvalid)
	}
	return claims, nil
}

// tagValue returns what follows prefix in the tag that begins with it, and
// nothing if there are several.
func tagValue(claims *jwt.UserClaims, prefix string) string {
	found := ""
	for _, t := range claims.Tags {
		if v, ok := strings.CutPrefix(t, prefix); ok {
			if found != "" {
				return ""
			}
			found = v
		}
	}
	return found
}
