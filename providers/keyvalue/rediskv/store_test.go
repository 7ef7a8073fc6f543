package rediskv_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/providers/keyvalue"
	"github.com/wattle-dev/wattle/providers/keyvalue/keyvaluetest"
	"github.com/wattle-dev/wattle/providers/keyvalue/rediskv"
)

func open(tb testing.TB, o rediskv.Options) *rediskv.Store {
	tb.Helper()
	s, err := rediskv.Open(&o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() }) // the test may have done it
	return s
}

func TestContract(t *testing.T) {
	keyvaluetest.Run(t, func(tb testing.TB) *keyvaluetest.Env {
		s := newServer(tb)
		return &keyvaluetest.Env{
			Open: func(tb testing.TB, name string) keyvalue.Store {
				tb.Helper()
				store, err := rediskv.Open(&rediskv.Options{URL: "unix://" + s.socket(), Prefix: name + ":", MaxValue: 64 << 10})
				if err != nil {
					tb.Fatal(err)
				}
				return store
			},
			Stop:  s.stop,
			Start: s.start,
		}
	})
}

// What others wrote may be anything, of any size.
func TestForeign(t *testing.T) {
	s := newServer(t)
	large := open(t, rediskv.Options{URL: "unix://" + s.socket(), MaxValue: 1 << 20})
	small := keyvalue.Limit(open(t, rediskv.Options{URL: "unix://" + s.socket(), MaxValue: 1000}), keyvalue.Limits{Value: 1000})
	if err := large.Set(t.Context(), "large", make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	_, get := small.Get(t.Context(), "large")
	_, gets := small.GetMany(t.Context(), []string{"large"})
	_, read := small.Read(t.Context(), "large")
	for what, err := range map[string]error{"Get": get, "GetMany": gets, "Read": read} {
		if e, ok := errors.AsType[*keyvalue.Error](err); !ok || e.Kind != keyvalue.TooLarge {
			t.Errorf("%s of a value that is too large: %v", what, err)
		}
	}
	c, err := net.Dial("unix", s.socket())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // it was read
	if _, err := c.Write([]byte("HSET hash a b\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	_, err = small.Get(t.Context(), "hash")
	if e, ok := errors.AsType[*keyvalue.Error](err); !ok || e.Kind != keyvalue.Invalid {
		t.Errorf("Get of a hash: %v", err)
	}
}

func TestPassword(t *testing.T) {
	s := newServer(t, "--requirepass", "let me in")
	if err := open(t, rediskv.Options{URL: "unix://" + s.socket(), Password: "let me in"}).Set(t.Context(), "k", nil); err != nil {
		t.Error(err)
	}
	for _, password := range []string{"", "guess"} {
		err := open(t, rediskv.Options{URL: "unix://" + s.socket(), Password: password}).Set(t.Context(), "k", nil)
		e, ok := errors.AsType[*keyvalue.Error](err)
		if !ok || e.Kind != keyvalue.Denied || strings.Contains(e.Public(), s.dir) {
			t.Errorf("with the password %q: %v", password, err)
		}
	}
}

// A server with a certificate is known by it, or not.
func TestTLS(t *testing.T) {
	dir, err := os.MkdirTemp("", "redis") //nolint:usetesting // the server may be another user, who cannot enter the directories of tests
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ca := certificate(t, dir)
	port := freePort(t)
	newServer(t, "--tls-port", port, "--bind", "127.0.0.1", "--tls-cert-file", filepath.Join(dir, "cert"), "--tls-key-file", filepath.Join(dir, "key"),
		"--tls-ca-cert-file", filepath.Join(dir, "cert"), "--tls-auth-clients", "no")
	s := open(t, rediskv.Options{URL: "rediss://127.0.0.1:" + port, CA: ca})
	if err := s.Set(t.Context(), "k", []byte("v")); err != nil {
		t.Error(err)
	}
	err = open(t, rediskv.Options{URL: "rediss://127.0.0.1:" + port}).Set(t.Context(), "k", nil)
	e, ok := errors.AsType[*keyvalue.Error](err)
	if !ok || e.Kind != keyvalue.Unavailable || strings.Contains(e.Public(), port) {
		t.Errorf("with a certificate that nobody knows: %v", err)
	}
}

// freePort returns a port that nobody listens on now: redis-server cannot be told to
// choose one.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nothing was sent
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// certificate writes a certificate of 127.0.0.1 that signs itself, and its key.
func certificate(t *testing.T, dir string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "cert"), ca, 0o644),
		os.WriteFile(filepath.Join(dir, "key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o644),
	); err != nil {
		t.Fatal(err)
	}
	return string(ca)
}

func TestOptions(t *testing.T) {
	for _, o := range []rediskv.Options{
		{}, {URL: "http://x"}, {URL: "redis://x:port"}, {URL: "redis://user:secret@x/notanumber"}, {URL: "redis://x", CA: "ca"}, {URL: "rediss://x", CA: "ca"},
	} {
		if err := o.Check(); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("Check of %q: %v", o.URL, err)
		}
	}
	for _, url := range []string{"redis://x", "rediss://user:secret@x:1/3", "unix:///run/redis.sock"} {
		if err := (&rediskv.Options{URL: url}).Check(); err != nil {
			t.Errorf("Check of %q: %v", url, err)
		}
	}
}
