package trust_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
)

// shown is a certificate as another sees it.
func shown(t *testing.T, c tls.Certificate) *x509.Certificate {
	t.Helper()
	cert, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func peerVerifier(t *testing.T, k *trust.Keyring, l lattice.Name) *trust.PeerVerifier {
	t.Helper()
	account, err := k.Account(l)
	if err != nil {
		t.Fatal(err)
	}
	v, err := trust.NewPeerVerifier(l, account)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// forge makes a certificate for a key with any URIs.
func forge(t *testing.T, key any, public any, uris ...string) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(time.Hour)}
	for _, text := range uris {
		scheme, opaque, _ := strings.Cut(text, ":")
		template.URIs = append(template.URIs, &url.URL{Scheme: scheme, Opaque: opaque})
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestPeer(t *testing.T) {
	k := trusttest.Keyring(t, lattice.DefaultName, other)
	v := peerVerifier(t, k, lattice.DefaultName)
	genuine := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleScheduler)
	cert, err := genuine.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(shown(t, cert)); err != nil {
		t.Errorf("a scheduler of the lattice: %v", err)
	}
	again, err := genuine.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(shown(t, again)); err != nil || shown(t, again).SerialNumber.Cmp(shown(t, cert).SerialNumber) == 0 {
		t.Errorf("another certificate of the same: %v", err)
	}
	for _, role := range trust.Roles() {
		if role == trust.RoleScheduler {
			continue
		}
		if _, err := trusttest.Creds(t, k, lattice.DefaultName, role).Certificate(); !errors.Is(err, lattice.ErrDenied) {
			t.Errorf("a certificate for the role %s: %v", role, err)
		}
	}
}

// TestHostilePeer has others than the schedulers of a lattice show certificates.
func TestHostilePeer(t *testing.T) {
	k := trusttest.Keyring(t, lattice.DefaultName, other)
	v := peerVerifier(t, k, lattice.DefaultName)
	f := newForger(t, k)
	account := f.seed(lattice.DefaultName, "account.nk")
	stranger, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := f.user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	_, raw, err := nkeys.DecodeSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	own := ed25519.NewKeyFromSeed(raw)
	_, another, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	as := func(change func(*jwt.UserClaims)) tls.Certificate {
		return forge(t, own, own.Public(), "wattle-jwt:"+f.jwt(account, change))
	}
	if err := v.Verify(shown(t, as(func(*jwt.UserClaims) {}))); err != nil {
		t.Fatalf("what the tests below change is refused: %v", err)
	}
	genuine := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleScheduler)
	foreign, err := trusttest.Creds(t, k, other, trust.RoleScheduler).Certificate()
	if err != nil {
		t.Fatal(err)
	}
	plain := f.jwt(account, func(*jwt.UserClaims) {})
	parts := strings.Split(plain, ".")
	for _, test := range []struct {
		name string
		cert tls.Certificate
		want error
	}{
		{"another lattice", foreign, lattice.ErrDenied},
		{"another lattice, by its tag", as(func(c *jwt.UserClaims) { c.Tags = jwt.TagList{"role:scheduler", "lattice:other"} }), lattice.ErrDenied},
		{"a host", forge(t, own, own.Public(), "wattle-jwt:"+f.jwt(account, func(c *jwt.UserClaims) { c.Tags = jwt.TagList{"role:host", "lattice:default"} })), lattice.ErrDenied},
		{"a genuine host", forge(t, own, own.Public(), "wattle-jwt:"+trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost).JWT), lattice.ErrDenied},
		{"two roles", as(func(c *jwt.UserClaims) { c.Tags.Add("role:host") }), lattice.ErrDenied},
		{"expired", as(func(c *jwt.UserClaims) { c.Expires = time.Now().Add(-time.Second).Unix() }), lattice.ErrDenied},
		{"not yet", as(func(c *jwt.UserClaims) { c.NotBefore = time.Now().Add(time.Hour).Unix() }), lattice.ErrDenied},
		{"a JWT of its own making", forge(t, own, own.Public(), "wattle-jwt:"+f.jwt(stranger, func(*jwt.UserClaims) {})), lattice.ErrDenied},
		{"a JWT that another account signed for ours", forge(t, own, own.Public(), "wattle-jwt:"+f.jwt(stranger, func(c *jwt.UserClaims) { c.IssuerAccount = "x" })), nil},
		{"a JWT signed with a host's signing key", forge(t, own, own.Public(), "wattle-jwt:"+f.jwt(f.seed(lattice.DefaultName, "host.nk"), func(*jwt.UserClaims) {})), lattice.ErrDenied},
		{"the JWT of another", forge(t, own, own.Public(), "wattle-jwt:"+genuine.JWT), lattice.ErrDenied},
		{"another key", forge(t, another, another.Public(), "wattle-jwt:"+plain), lattice.ErrDenied},
		{"another kind of key", forge(t, elliptical, elliptical.Public(), "wattle-jwt:"+plain), lattice.ErrDenied},
		{"no JWT", forge(t, own, own.Public()), lattice.ErrDenied},
		{"two JWTs", forge(t, own, own.Public(), "wattle-jwt:"+plain, "wattle-jwt:"+genuine.JWT), lattice.ErrDenied},
		{"another scheme", forge(t, own, own.Public(), "other-jwt:"+plain), lattice.ErrDenied},
		{"garbage", forge(t, own, own.Public(), "wattle-jwt:x"), lattice.ErrInvalid},
		{"nothing", forge(t, own, own.Public(), "wattle-jwt:"), lattice.ErrInvalid},
		{"a JWT without end", forge(t, own, own.Public(), "wattle-jwt:"+strings.Repeat("x", 1<<16)), lattice.ErrInvalid},
		{"a signature that is none", forge(t, own, own.Public(), "wattle-jwt:"+parts[0]+"."+parts[1]+"."+strings.Repeat("A", 86)), lattice.ErrInvalid},
	} {
		err := v.Verify(shown(t, test.cert))
		if err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	if err := v.Verify(nil); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("no certificate: %v", err)
	}
	nobody, err := trust.NewPeerVerifier(lattice.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	if err := nobody.Verify(shown(t, as(func(*jwt.UserClaims) {}))); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("without issuers: %v", err)
	}
}

// TestPeerHandshake has schedulers meet with TLS 1.3: it is there that a key is
// proved, so a certificate that was only copied is worth nothing.
func TestPeerHandshake(t *testing.T) {
	k := trusttest.Keyring(t, lattice.DefaultName, other)
	v := peerVerifier(t, k, lattice.DefaultName)
	certificate := func(l lattice.Name) tls.Certificate {
		c, err := trusttest.Creds(t, k, l, trust.RoleScheduler).Certificate()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	config := func(c tls.Certificate) *tls.Config {
		return &tls.Config{
			MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{c}, ClientAuth: tls.RequireAnyClientCert,
			InsecureSkipVerify: true, //nolint:gosec // VerifyConnection does
			VerifyConnection:   func(s tls.ConnectionState) error { return v.Verify(s.PeerCertificates[0]) },
		}
	}
	_, wrong, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good, foreign, copied := certificate(lattice.DefaultName), certificate(other), certificate(lattice.DefaultName)
	copied.PrivateKey, copied.Leaf = wrong, nil
	for _, test := range []struct {
		name string
		cert tls.Certificate
		ok   bool
	}{{"a peer", certificate(lattice.DefaultName), true}, {"of another lattice", foreign, false}, {"with a certificate of another", copied, false}} {
		for _, asServer := range []bool{false, true} {
			a, b := net.Pipe()
			client, server := config(test.cert), config(good)
			if asServer {
				client, server = config(good), config(test.cert)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			answered := make(chan error, 1)
			go func() {
				err := tls.Server(b, server).HandshakeContext(ctx)
				if err != nil {
					_ = b.Close()
				}
				answered <- err
			}()
			err := tls.Client(a, client).HandshakeContext(ctx)
			_ = a.Close()
			if met := err == nil && <-answered == nil; met != test.ok {
				t.Errorf("%s, server %v: client says %v", test.name, asServer, err)
			}
			_ = b.Close()
			cancel()
		}
	}
}

// TestSignNonce has a server that was taken over ask for signatures that could be
// taken for something else.
func TestSignNonce(t *testing.T) {
	key, err := trust.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.SignNonce([]byte("Zm9vYmFy_-8")); err != nil {
		t.Errorf("a nonce: %v", err)
	}
	for _, nonce := range []string{
		"wattle-document-v1\nwattle_default_desired\nk\n{}", strings.Repeat(" ", 64) + "TLS 1.3, server CertificateVerify\x00", "a.b", "\x00", strings.Repeat("a", 257),
	} {
		if _, err := key.SignNonce([]byte(nonce)); !errors.Is(err, lattice.ErrDenied) {
			t.Errorf("%.20q is signed: %v", nonce, err)
		}
	}
}
