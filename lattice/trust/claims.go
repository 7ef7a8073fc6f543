package trust

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
)

// Limits of accounts and users. NATS servers enforce them.
const (
	// maxSubscriptions bounds the subscriptions of a connection.
	maxSubscriptions = 10_000
	// maxStreams bounds the streams, buckets and object stores of a lattice.
	maxStreams = 1_024
	// maxConsumers bounds the consumers of a stream: each watch of a bucket is
	// one.
	maxConsumers = 100_000
)

func (k *Keyring) operatorClaims() *jwt.OperatorClaims {
	claims := jwt.NewOperatorClaims(public(k.operator))
	claims.Name = "wattle"
	claims.SystemAccount = public(k.system)
	return claims
}

func (k *Keyring) systemClaims() *jwt.AccountClaims {
	claims := jwt.NewAccountClaims(public(k.system))
	claims.Name = "system"
	return claims
}

// accountClaims are the account of a lattice, with the public keys that sign the
// users of roles. It shares with the account of wasmCloud's tools what that is for,
// and nothing with others.
func (k *Keyring) accountClaims(l lattice.Name, account string, signing map[Role]string) *jwt.AccountClaims {
	claims := jwt.NewAccountClaims(account)
	claims.Name = "lattice-" + string(l)
	claims.Tags.Add(tagLattice + string(l))
	for role, key := range signing {
		claims.SigningKeys.AddScopedSigner(scope(role, l, key))
	}
	claims.Exports = exports(l)
	claims.Limits.Imports = 0
	claims.Limits.Exports = int64(len(claims.Exports))
	claims.Limits.WildcardExports = true
	claims.Limits.DisallowBearer = true
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{
		MemoryStorage:    jwt.NoLimit,
		DiskStorage:      jwt.NoLimit,
		Streams:          maxStreams,
		Consumer:         maxConsumers,
		MaxBytesRequired: true,
	}
	return claims
}

// scope is what the users that a key signs may do: that of a role.
func scope(role Role, l lattice.Name, key string) *jwt.UserScope {
	s := jwt.NewUserScope()
	s.Key = key
	s.Role = string(role)
	// The server fills in who the user is.
	s.Template = limits(Permissions(role, l, "{{subject()}}", "{{tag(host)}}"))
	return s
}

// sameClaims says whether two JWTs say the same, apart from when they were issued.
func sameClaims(a, b string) bool {
	x, errX := jwt.Decode(a)
	y, errY := jwt.Decode(b)
	if errX != nil || errY != nil {
		return false
	}
	p, errP := json.Marshal(x.Payload())
	q, errQ := json.Marshal(y.Payload())
	if errP != nil || errQ != nil || !bytes.Equal(p, q) {
		return false
	}
	c, d := *x.Claims(), *y.Claims()
	c.ID, c.IssuedAt = d.ID, d.IssuedAt
	return c == d
}

// limits are permissions as JWTs have them.
func limits(p Permission) jwt.UserPermissionLimits {
	var l jwt.UserPermissionLimits
	l.Pub.Allow = p.Publish
	l.Sub.Allow = p.Subscribe
	l.NatsLimits = jwt.NatsLimits{Subs: maxSubscriptions, Data: jwt.NoLimit, Payload: jwt.NoLimit}
	l.AllowedConnectionTypes = jwt.StringList{jwt.ConnectionTypeStandard, jwt.ConnectionTypeWebsocket, jwt.ConnectionTypeInProcess}
	return l
}

// encode checks and signs claims.
func encode(claims jwt.Claims, signer nkeys.KeyPair) (string, error) {
	vr := jwt.CreateValidationResults()
	claims.Validate(vr)
	if errs := vr.Errors(); len(errs) > 0 {
		return "", fmt.Errorf("JWT: %w", errs[0])
	}
	return claims.Encode(signer)
}
