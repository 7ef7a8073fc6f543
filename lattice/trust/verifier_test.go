package trust_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// forger makes JWTs and documents that a keyring would not make.
type forger struct {
	t    *testing.T
	keys *trust.Keyring
	user nkeys.KeyPair
}

func newForger(t *testing.T, k *trust.Keyring) *forger {
	t.Helper()
	user, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	return &forger{t, k, user}
}

// seed reads a key of the keyring.
func (f *forger) seed(l lattice.Name, file string) nkeys.KeyPair {
	f.t.Helper()
	b, err := os.ReadFile(filepath.Join(f.keys.Dir(), "lattices", string(l), file))
	if err != nil {
		f.t.Fatal(err)
	}
	pair, err := nkeys.FromSeed(bytes.TrimSpace(b))
	if err != nil {
		f.t.Fatal(err)
	}
	return pair
}

// jwt makes a JWT for the forger's key.
func (f *forger) jwt(issuer nkeys.KeyPair, change func(*jwt.UserClaims)) string {
	f.t.Helper()
	public, err := f.user.PublicKey()
	if err != nil {
		f.t.Fatal(err)
	}
	claims := jwt.NewUserClaims(public)
	claims.Name = "scheduler"
	claims.Tags.Add("role:scheduler", "lattice:default")
	change(claims)
	token, err := claims.Encode(issuer)
	if err != nil {
		f.t.Fatal(err)
	}
	return token
}

// document signs with the forger's key in the name of signer.
func (f *forger) document(signer, bucket, key, value string) []byte {
	f.t.Helper()
	payload, err := wire.Payload(bucket, key, []byte(value))
	if err != nil {
		f.t.Fatal(err)
	}
	signature, err := f.user.Sign(payload)
	if err != nil {
		f.t.Fatal(err)
	}
	b, err := (&wire.Signed{Value: []byte(value), Signer: signer, Signature: signature}).Encode()
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

func TestSchedulerDocuments(t *testing.T) {
	k := trusttest.Keyring(t, lattice.DefaultName, other)
	f := newForger(t, k)
	account := f.seed(lattice.DefaultName, "account.nk")
	public, err := account.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	as := func(*jwt.UserClaims) {}
	genuine := f.jwt(account, as)
	tags := func(tags ...string) func(*jwt.UserClaims) {
		return func(c *jwt.UserClaims) { c.Tags = tags }
	}
	parts := strings.Split(genuine, ".")
	evil := strings.Split(f.jwt(stranger, as), ".")
	const bucket, key, value = "wattle_default_desired", "k", `{"a":1}`
	sign := func(token string) []byte { return f.document(token, bucket, key, value) }
	v := trusttest.Verifier(t, k, lattice.DefaultName)
	got, err := v.Scheduler(bucket, key, sign(genuine))
	if err != nil || string(got) != value {
		t.Fatalf("a genuine document: %q, %v", got, err)
	}
	hour := time.Now().Add(time.Hour).Unix()
	if _, err := v.Scheduler(bucket, key, sign(f.jwt(account, func(c *jwt.UserClaims) { c.Expires = hour }))); err != nil {
		t.Errorf("credentials that end in an hour: %v", err)
	}
	for _, test := range []struct {
		name   string
		signed []byte
		want   error
	}{
		{"nothing", nil, lattice.ErrInvalid},
		{"not signed", []byte(value), lattice.ErrInvalid},
		{"signed by nobody", f.document("x", bucket, key, value), lattice.ErrInvalid},
		{"signed by a host", f.document("NCEX7NXSPLWJQ7G4KVUK7SWNDCP4KNP5K4HMPCF6UYIWU6G2RTHXF4RU", bucket, key, value), lattice.ErrInvalid},
		{"another key", f.document(genuine, bucket, "l", value), lattice.ErrDenied},
		{"another bucket", f.document(genuine, "wattle_other_desired", key, value), lattice.ErrDenied},
		{"another value", bytes.Replace(sign(genuine), []byte(`1`), []byte(`2`), 1), lattice.ErrDenied},
		{"value and blanks", bytes.Replace(sign(genuine), []byte(`{"a":1}`), []byte(`{"a": 1}`), 1), lattice.ErrDenied},
		{"bucket and key divided otherwise", f.document(genuine, "wattle_default", "desired.k", value), lattice.ErrDenied},
		{"another's signature", newForger(t, k).document(genuine, bucket, key, value), lattice.ErrDenied},
		{"account of another lattice", sign(f.jwt(f.seed(other, "account.nk"), as)), lattice.ErrDenied},
		{"unknown account", sign(f.jwt(stranger, as)), lattice.ErrDenied},
		{"unknown account for ours", sign(f.jwt(stranger, func(c *jwt.UserClaims) { c.IssuerAccount = public })), lattice.ErrDenied},
		{"key for hosts", sign(f.jwt(f.seed(lattice.DefaultName, "host.nk"), func(c *jwt.UserClaims) { c.IssuerAccount = public })), lattice.ErrDenied},
		{"key for operators", sign(f.jwt(f.seed(lattice.DefaultName, "operator.nk"), func(c *jwt.UserClaims) { c.IssuerAccount = public })), lattice.ErrDenied},
		{"role of a viewer", sign(f.jwt(account, tags("role:viewer", "lattice:default"))), lattice.ErrDenied},
		{"no role", sign(f.jwt(account, tags("lattice:default"))), lattice.ErrDenied},
		{"two roles", sign(f.jwt(account, tags("role:viewer", "role:scheduler", "lattice:default"))), lattice.ErrDenied},
		{"another lattice", sign(f.jwt(account, tags("role:scheduler", "lattice:other"))), lattice.ErrDenied},
		{"no lattice", sign(f.jwt(account, tags("role:scheduler"))), lattice.ErrDenied},
		{"expired", sign(f.jwt(account, func(c *jwt.UserClaims) { c.Expires = time.Now().Unix() - 1 })), lattice.ErrDenied},
		{"not yet", sign(f.jwt(account, func(c *jwt.UserClaims) { c.NotBefore = hour })), lattice.ErrDenied},
		{"claims exchanged", sign(parts[0] + "." + evil[1] + "." + parts[2]), lattice.ErrInvalid},
		{"signature exchanged", sign(parts[0] + "." + parts[1] + "." + evil[2]), lattice.ErrInvalid},
		{"half a JWT", sign(parts[0] + "." + parts[1]), lattice.ErrInvalid},
		{"JWT of an account", sign(accountJWT(t, k)), lattice.ErrInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			value, err := v.Scheduler(bucket, key, test.signed)
			if !errors.Is(err, test.want) || value != nil {
				t.Errorf("value %q, error %v, want %v", value, err, test.want)
			}
		})
	}
	none, err := trust.NewVerifier(lattice.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Scheduler(bucket, key, sign(genuine)); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("a verifier that trusts nobody: %v", err)
	}
}

func accountJWT(t *testing.T, k *trust.Keyring) string {
	t.Helper()
	all, err := k.Accounts()
	if err != nil {
		t.Fatal(err)
	}
	return all[k.SystemAccount()]
}

func TestHostDocuments(t *testing.T) {
	k := trusttest.Keyring(t)
	host := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost)
	another := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost)
	v := trusttest.Verifier(t, k, lattice.DefaultName)
	const bucket = "wattle_default_hosts"
	id := host.HostID()
	signed, err := trusttest.Signer(t, host).Sign(bucket, string(id), []byte(`{"id":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	if value, err := v.Host(id, bucket, string(id), signed); err != nil || string(value) != `{"id":"x"}` {
		t.Fatalf("%q, %v", value, err)
	}
	damaged := id[:55] + "A"
	if damaged == id {
		damaged = id[:55] + "B"
	}
	as := func(signer lattice.HostID) []byte {
		return bytes.Replace(signed, []byte(id), []byte(signer), 1)
	}
	for _, test := range []struct {
		name, bucket, key string
		id                lattice.HostID
		signed            []byte
	}{
		{"another host", bucket, string(id), another.HostID(), signed},
		{"in the name of another", bucket, string(id), another.HostID(), as(another.HostID())},
		{"another key", bucket, string(id) + ".x", id, signed},
		{"another bucket", "wattle_default_ready", string(id), id, signed},
		{"another lattice", "wattle_other_hosts", string(id), id, signed},
		{"no host", bucket, string(id), "", as("")},
		{"not a key", bucket, string(id), "N", as("N")},
		{"a user's key", bucket, string(id), lattice.HostID(host.User()), as(lattice.HostID(host.User()))},
		{"a damaged key", bucket, string(id), damaged, as(damaged)},
		{"a line feed", bucket, string(id) + "\n", id, signed},
	} {
		t.Run(test.name, func(t *testing.T) {
			if value, err := v.Host(test.id, test.bucket, test.key, test.signed); err == nil || value != nil {
				t.Errorf("value %q, error %v", value, err)
			}
		})
	}
	if _, err := v.Scheduler(bucket, string(id), signed); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("as a document of the scheduler: %v", err)
	}
}

// TestOldDocuments shows what signatures do not do: an old document is as good as
// a new one. Who reads documents has to look at their stamps.
func TestOldDocuments(t *testing.T) {
	k := trusttest.Keyring(t)
	s := trusttest.Signer(t, trusttest.Creds(t, k, lattice.DefaultName, trust.RoleScheduler))
	v := trusttest.Verifier(t, k, lattice.DefaultName)
	for _, value := range []string{`{"stamp":{"term":1,"index":1}}`, `{"stamp":{"term":1,"index":2}}`} {
		signed, err := s.Sign("b", "k", []byte(value))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Scheduler("b", "k", signed); err != nil {
			t.Error(err)
		}
	}
}

// TestManySchedulers has more schedulers than a verifier remembers, all at once.
func TestManySchedulers(t *testing.T) {
	k := trusttest.Keyring(t)
	v := trusttest.Verifier(t, k, lattice.DefaultName)
	var documents [][]byte
	for i := range 100 {
		signed, err := trusttest.Signer(t, trusttest.Creds(t, k, lattice.DefaultName, trust.RoleScheduler)).Sign("b", fmt.Sprint(i), []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, signed)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, signed := range documents {
				if _, err := v.Scheduler("b", fmt.Sprint(i), signed); err != nil {
					t.Error(err)
				}
				if _, err := v.Scheduler("b", "other", signed); err == nil {
					t.Error("a document is good for another key")
				}
			}
		})
	}
	wg.Wait()
}

func TestNewSigner(t *testing.T) {
	k := trusttest.Keyring(t)
	for _, role := range trust.Roles() {
		_, err := trust.NewSigner(trusttest.Creds(t, k, lattice.DefaultName, role))
		if may := role == trust.RoleHost || role == trust.RoleScheduler; may != (err == nil) {
			t.Errorf("%s: %v", role, err)
		}
	}
	host := trusttest.Signer(t, trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost))
	for _, test := range []struct{ bucket, key, value string }{
		{"b\nk", "x", `{}`},
		{"b", "k\n", `{}`},
		{"b", "k", `{`},
		{"b", "k", ``},
		{"b", "k", `{}{}`},
		{"b", "k", strings.Repeat(" ", 10) + `{}`},
	} {
		if signed, err := host.Sign(test.bucket, test.key, []byte(test.value)); err == nil {
			t.Errorf("Sign(%q, %q, %q) = %s", test.bucket, test.key, test.value, signed)
		}
	}
}

func TestNewVerifier(t *testing.T) {
	k := trusttest.Keyring(t)
	user := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost).User()
	for _, key := range []string{"", "A", user, k.Operator()} {
		if _, err := trust.NewVerifier(lattice.DefaultName, key); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("NewVerifier(%q): %v", key, err)
		}
	}
	if _, err := trust.NewVerifier("No Name", k.SystemAccount()); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("NewVerifier of a name that is none: %v", err)
	}
}

// FuzzVerifier demands that nothing is believed that was not signed.
func FuzzVerifier(f *testing.F) {
	k := trusttest.Keyring(f)
	host := trusttest.Creds(f, k, lattice.DefaultName, trust.RoleHost)
	v := trusttest.Verifier(f, k, lattice.DefaultName)
	good := map[string]bool{}
	for _, c := range []*trust.Creds{host, trusttest.Creds(f, k, lattice.DefaultName, trust.RoleScheduler)} {
		signed, err := trusttest.Signer(f, c).Sign("b", "k", []byte(`{"a":1}`))
		if err != nil {
			f.Fatal(err)
		}
		good[`{"a":1}`] = true
		f.Add(signed)
	}
	f.Fuzz(func(t *testing.T, signed []byte) {
		for _, open := range []func() ([]byte, error){
			func() ([]byte, error) { return v.Host(host.HostID(), "b", "k", signed) },
			func() ([]byte, error) { return v.Scheduler("b", "k", signed) },
		} {
			if value, err := open(); err == nil && !good[string(value)] {
				t.Errorf("believed: %q", value)
			}
		}
	})
}

func BenchmarkVerifyHost(b *testing.B) {
	k := trusttest.Keyring(b)
	host := trusttest.Creds(b, k, lattice.DefaultName, trust.RoleHost)
	v := trusttest.Verifier(b, k, lattice.DefaultName)
	signed, err := trusttest.Signer(b, host).Sign("b", "k", []byte(`{"a":"`+strings.Repeat("x", 1000)+`"}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Host(host.HostID(), "b", "k", signed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyScheduler(b *testing.B) {
	k := trusttest.Keyring(b)
	v := trusttest.Verifier(b, k, lattice.DefaultName)
	signed, err := trusttest.Signer(b, trusttest.Creds(b, k, lattice.DefaultName, trust.RoleScheduler)).Sign("b", "k", []byte(`{"a":"`+strings.Repeat("x", 1000)+`"}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Scheduler("b", "k", signed); err != nil {
			b.Fatal(err)
		}
	}
}
