package trust

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
)

// Keyring has the keys of an operator and of its lattices. It is a directory:
//
//	operator.nk                  who the NATS servers trust
//	operator.jwt
//	system.nk                    the account of the servers themselves
//	system.jwt
//	lattices/NAME/account.nk     the account, which signs schedulers
//	lattices/NAME/ROLE.nk        signs users of another role
//	lattices/NAME/account.jwt    has what each role is permitted
//	lattices/NAME/creds/*.creds  users that are kept here
//	lattices/NAME/wasmcloud-account.nk, wasmcloud-account.jwt
//	                             the account of wasmCloud's tools
//
// Who opens a keyring that another version of Wattle made has the JWTs say what they
// have to now; no key is changed.
//
// A Keyring may be used by several processes at the same time.
type Keyring struct {
	dir      string
	operator nkeys.KeyPair
	system   nkeys.KeyPair
}

// Open opens a keyring that is there. The error is fs.ErrNotExist if it is not.
func Open(dir string) (*Keyring, error) {
	if _, err := os.Stat(filepath.Join(dir, "operator.nk")); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keyring %q: %w: make one with: wattle lattice init --dir %s", dir, fs.ErrNotExist, dir)
	}
	return open(dir)
}

// OpenOrInit opens a keyring, and makes it and the lattice's account where they
// are not there yet. A second lattice in a keyring is a second tenant.
func OpenOrInit(dir string, l lattice.Name) (*Keyring, error) {
	k, err := open(dir)
	if err != nil {
		return nil, err
	}
	if err := k.init(l); err != nil {
		return nil, fmt.Errorf("keyring %q: %w", dir, err)
	}
	return k, nil
}

func open(dir string) (*Keyring, error) {
	k := &Keyring{dir: dir}
	err := privateDir(dir)
	if err == nil {
		k.operator, err = openOrCreateSeed(k.path("operator.nk"), nkeys.PrefixByteOperator)
	}
	if err == nil {
		k.system, err = openOrCreateSeed(k.path("system.nk"), nkeys.PrefixByteAccount)
	}
	if err == nil {
		err = k.keep(k.path("operator.jwt"), k.operatorClaims())
	}
	if err == nil {
		err = k.keep(k.path("system.jwt"), k.systemClaims())
	}
	if err == nil {
		err = k.renew()
	}
	if err != nil {
		return nil, fmt.Errorf("keyring %q: %w", dir, err)
	}
	return k, nil
}

// renew has the accounts of all lattices be as this version of Wattle makes them.
func (k *Keyring) renew() error {
	names, err := k.Lattices()
	if err != nil {
		return err
	}
	for _, l := range names {
		if err := k.init(l); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keyring) init(l lattice.Name) error {
	if _, err := lattice.ParseName(string(l)); err != nil {
		return err
	}
	for _, dir := range []string{k.path("lattices"), k.lattice(l), k.lattice(l, "creds")} {
		if err := privateDir(dir); err != nil {
			return err
		}
	}
	account, err := openOrCreateSeed(k.lattice(l, "account.nk"), nkeys.PrefixByteAccount)
	if err != nil {
		return err
	}
	signing := map[Role]string{}
	for _, r := range Roles() {
		if r == RoleScheduler || r == RoleWasmCloud {
			continue
		}
		pair, err := openOrCreateSeed(k.lattice(l, string(r)+".nk"), nkeys.PrefixByteAccount)
		if err != nil {
			return err
		}
		signing[r] = public(pair)
	}
	if err := k.keep(k.lattice(l, "account.jwt"), k.accountClaims(l, public(account), signing)); err != nil {
		return err
	}
	return k.keepTools(l, account)
}

// keep writes a JWT, signed by the operator, unless the one that is there says the
// same. One that says something else was left by another version of Wattle, or
// by a key that is gone.
func (k *Keyring) keep(file string, claims jwt.Claims) error {
	token, err := encode(claims, k.operator)
	if err != nil {
		return err
	}
	have, err := k.jwt(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && sameClaims(have, token) {
		return nil
	}
	return writePrivate(file, []byte(token+"\n"))
}

func (k *Keyring) path(names ...string) string {
	return filepath.Join(append([]string{k.dir}, names...)...)
}

func (k *Keyring) lattice(l lattice.Name, names ...string) string {
	return k.path(append([]string{"lattices", string(l)}, names...)...)
}

// Dir returns the directory of the keyring.
func (k *Keyring) Dir() string { return k.dir }

// Operator returns the public key of the operator, which servers trust.
func (k *Keyring) Operator() string { return public(k.operator) }

// SystemAccount returns the public key of the account of the servers themselves.
func (k *Keyring) SystemAccount() string { return public(k.system) }

// OperatorJWT returns the operator as configurations of NATS servers have it.
func (k *Keyring) OperatorJWT() (string, error) { return k.jwt(k.path("operator.jwt")) }

// Lattices returns the names of the lattices, in order.
func (k *Keyring) Lattices() ([]lattice.Name, error) {
	entries, err := os.ReadDir(k.path("lattices"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	var names []lattice.Name
	for _, e := range entries {
		if l, err := lattice.ParseName(e.Name()); err == nil {
			names = append(names, l)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Account returns the public key of a lattice's account, which signs its
// schedulers: that is what others need to know to believe them.
func (k *Keyring) Account(l lattice.Name) (string, error) {
	pair, err := k.key(l, "account.nk")
	if err != nil {
		return "", err
	}
	return public(pair), nil
}

// WasmCloudAccount returns the public key of the account of wasmCloud's tools that
// is beside a lattice.
func (k *Keyring) WasmCloudAccount(l lattice.Name) (string, error) {
	pair, err := k.key(l, toolsKey)
	if err != nil {
		return "", err
	}
	return public(pair), nil
}

// Accounts returns the JWTs of all accounts, the system's too, by their public
// keys: what a NATS server resolves accounts with.
func (k *Keyring) Accounts() (map[string]string, error) {
	system, err := k.jwt(k.path("system.jwt"))
	if err != nil {
		return nil, err
	}
	all := map[string]string{k.SystemAccount(): system}
	names, err := k.Lattices()
	if err != nil {
		return nil, err
	}
	for _, l := range names {
		account, err := k.Account(l)
		if err != nil {
			return nil, err
		}
		tools, err := k.WasmCloudAccount(l)
		if err != nil {
			return nil, err
		}
		if all[account], err = k.jwt(k.lattice(l, "account.jwt")); err != nil {
			return nil, err
		}
		if all[tools], err = k.jwt(k.lattice(l, toolsJWT)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// User are options of a user.
type User struct {
	// Name is what people call it. If empty, that is its role.
	Name string
	// Key is its key. If nil, a new one is made.
	Key *Key
	// Expires is when the credentials end. If zero, never.
	Expires time.Time
}

// maxUserName bounds the names of users.
const maxUserName = 128

// Issue makes credentials. The keyring does not keep them.
func (k *Keyring) Issue(l lattice.Name, role Role, u *User) (*Creds, error) {
	c, err := k.issue(l, role, u)
	if err != nil {
		return nil, fmt.Errorf("credentials of role %q: %w", role, err)
	}
	return c, nil
}

func (k *Keyring) issue(l lattice.Name, role Role, u *User) (*Creds, error) {
	if u == nil {
		u = &User{}
	}
	if _, err := ParseRole(string(role)); err != nil {
		return nil, err
	}
	if len(u.Name) > maxUserName {
		return nil, fmt.Errorf("name %.80q: %w: longer than %d bytes", u.Name, lattice.ErrInvalid, maxUserName)
	}
	key := u.Key
	if key == nil {
		var err error
		if key, err = NewKey(); err != nil {
			return nil, err
		}
	}
	file := "account.nk"
	if role == RoleWasmCloud {
		file = toolsKey
	}
	account, err := k.key(l, file)
	if err != nil {
		return nil, err
	}
	claims := jwt.NewUserClaims(key.User())
	claims.Name = u.Name
	if claims.Name == "" {
		claims.Name = string(role)
	}
	claims.Tags.Add(tagRole+string(role), tagLattice+string(l))
	if !u.Expires.IsZero() {
		claims.Expires = u.Expires.Unix()
	}
	issuer := account
	if role == RoleScheduler {
		claims.UserPermissionLimits = limits(Permissions(role, l, key.User(), ""))
	} else {
		// What such users may do is in the account's JWT, by who signed them.
		if issuer, err = k.key(l, string(role)+".nk"); err != nil {
			return nil, err
		}
		claims.SetScoped(true)
		claims.IssuerAccount = public(account)
		if role == RoleHost {
			claims.Tags = append(claims.Tags, tagHost+string(key.HostID())) // Add would make it lower-case
		}
	}
	token, err := encode(claims, issuer)
	if err != nil {
		return nil, err
	}
	c, err := newCreds(token, key)
	if err == nil && role == RoleScheduler {
		c.secrets, err = secretsOf(account, l)
	}
	if err == nil && role == RoleGateway {
		c.shared, err = k.GatewayKey(l)
	}
	return c, err
}

// Creds returns the credentials of a user that the keyring keeps, and makes them
// when asked for the first time. When they have expired, or would be others now,
// they are made anew with the same key.
func (k *Keyring) Creds(l lattice.Name, role Role, name string) (*Creds, error) {
	if name == "" {
		name = string(role)
	}
	if _, err := lattice.ParseComponentID(name); err != nil {
		return nil, fmt.Errorf("user %.80q: %w: it names a file: use letters, digits, hyphens and underscores", name, lattice.ErrInvalid)
	}
	file := k.lattice(l, "creds", string(role)+"-"+name+".creds")
	c, err := ReadCreds(file)
	var key *Key
	switch {
	case err == nil && k.current(l, c):
		return c, nil
	case err == nil:
		key = c.Key
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if c, err = k.Issue(l, role, &User{Name: name, Key: key}); err != nil {
		return nil, err
	}
	if key != nil {
		return c, c.Write(file)
	}
	text, err := c.Text()
	if err != nil {
		return nil, err
	}
	err = createPrivate(file, text)
	if errors.Is(err, fs.ErrExist) {
		return ReadCreds(file)
	}
	return c, err
}

// current says whether credentials are those that would be made now.
func (k *Keyring) current(l lattice.Name, c *Creds) bool {
	if !c.Expires.IsZero() && !time.Now().Before(c.Expires) {
		return false
	}
	now, err := k.Issue(l, c.Role, &User{Name: c.Name, Key: c.Key, Expires: c.Expires})
	return err == nil && sameClaims(c.JWT, now.JWT) && bytes.Equal(c.secrets, now.secrets) &&
		(c.shared == nil) == (now.shared == nil) && (c.shared == nil || *c.shared == *now.shared)
}

// key reads a key of a lattice.
func (k *Keyring) key(l lattice.Name, file string) (nkeys.KeyPair, error) {
	if _, err := lattice.ParseName(string(l)); err != nil {
		return nil, err
	}
	pair, err := openSeed(k.lattice(l, file), nkeys.PrefixByteAccount)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("lattice %q: %w: it is not in keyring %q: add it with: wattle lattice init --dir %s --name %s", l, fs.ErrNotExist, k.dir, k.dir, l)
	}
	return pair, err
}

func (k *Keyring) jwt(file string) (string, error) {
	token, err := readPrivate(file)
	return string(token), err
}

func public(pair nkeys.KeyPair) string {
	s, err := pair.PublicKey()
	if err != nil {
		panic(err) // the pair was made from a seed, which has it
	}
	return s
}
