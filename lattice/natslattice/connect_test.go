package natslattice_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
)

// wantConnectError fails unless connecting fails with a kind of error that says
// all of the texts, and never the secret.
func wantConnectError(t *testing.T, o natslattice.Options, kind error, texts ...string) {
	t.Helper()
	l, err := natslattice.Connect(t.Context(), o)
	if err == nil {
		_ = l.Close()
		t.Fatalf("connected, want %v", kind)
	}
	if !errors.Is(err, kind) {
		t.Errorf("error %q, want %v", err, kind)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %q has the password", err)
	}
}

func TestConnectNothingListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	_ = l.Close()
	wantConnectError(t, natslattice.Options{URLs: []string{"nats://u:hunter2@" + at}}, lattice.ErrUnavailable, at, "nothing listens")
}

func TestConnectAddress(t *testing.T) {
	for _, address := range []string{"http://hunter2@host", "nats://hunter2:%zz@host", "nats://u:hunter2@", "nats://a b:hunter2@host:x"} {
		wantConnectError(t, natslattice.Options{URLs: []string{address}}, lattice.ErrInvalid, "address")
	}
	wantConnectError(t, natslattice.Options{URLs: []string{"nats://no.such.name.invalid"}}, lattice.ErrUnavailable, "no.such.name.invalid")
	wantConnectError(t, natslattice.Options{User: "u", Password: "hunter2", Token: "hunter2"}, lattice.ErrInvalid, "only one")
	wantConnectError(t, natslattice.Options{CredentialsFile: filepath.Join(t.TempDir(), "none")}, os.ErrNotExist, "wattle lattice creds")
}

func TestConnectWrongToken(t *testing.T) {
	s := startServer(t, natsserver.Options{})
	wantConnectError(t, natslattice.Options{URLs: []string{s.ClientURL()}, Token: "hunter2"}, lattice.ErrDenied, "does not accept")
	wantConnectError(t, natslattice.Options{URLs: []string{s.ClientURL()}}, lattice.ErrDenied, "give credentials")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := natslattice.Connect(ctx, natslattice.Options{InProcess: s, Token: "hunter2"}); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("in process: %v, want ErrDenied", err)
	}
}

// TestConnectSecond is that one server that works is enough.
func TestConnectSecond(t *testing.T) {
	s := startServer(t, natsserver.Options{})
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	for range 5 { // the order is random
		l := connect(t, natslattice.Options{URLs: []string{gone.Addr().String() + "," + s.ClientURL()}})
		if err := l.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func newKeyring(t testing.TB) (*trust.Keyring, natsserver.Options) {
	t.Helper()
	k := trusttest.Keyring(t)
	o := natsserver.Options{SystemAccount: k.SystemAccount()}
	var err error
	if o.Operator, err = k.OperatorJWT(); err != nil {
		t.Fatal(err)
	}
	if o.Accounts, err = k.Accounts(); err != nil {
		t.Fatal(err)
	}
	return k, o
}

func TestConnectCredentials(t *testing.T) {
	k, o := newKeyring(t)
	s := startServer(t, o)
	good := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleScheduler)
	l := connect(t, natslattice.Options{URLs: []string{s.ClientURL()}, Credentials: good})
	if l.User() != good.User() || !strings.HasPrefix(l.NewInbox(), "_INBOX."+good.User()+".") {
		t.Errorf("user %q with inbox %q, want user %q", l.User(), l.NewInbox(), good.User())
	}
	file := filepath.Join(t.TempDir(), "user.creds")
	if err := good.Write(file); err != nil {
		t.Fatal(err)
	}
	fromFile, err := natslattice.Connect(t.Context(), natslattice.Options{URLs: []string{s.ClientURL()}, CredentialsFile: file})
	if err != nil {
		t.Fatal(err)
	}
	_ = fromFile.Close()

	stranger, _ := newKeyring(t)
	wantConnectError(t, natslattice.Options{URLs: []string{s.ClientURL()}, Credentials: trusttest.Creds(t, stranger, lattice.DefaultName, trust.RoleHost)},
		lattice.ErrDenied, "does not accept the credentials", "account")
}

func TestConnectExpired(t *testing.T) {
	k, o := newKeyring(t)
	s := startServer(t, o)
	creds, err := k.Issue(lattice.DefaultName, trust.RoleHost, &trust.User{Name: "old", Expires: time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	wantConnectError(t, natslattice.Options{URLs: []string{s.ClientURL()}, Credentials: creds}, lattice.ErrDenied, `"old" expired at`, "wattle lattice creds")
}

// certificate makes an authority, and a certificate for a name.
func certificate(t testing.TB, name string) (ca, cert, key string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	caCert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, caCert, caCert, &caKey.PublicKey, caKey)
	must(err)
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, caCert, &own.PublicKey, caKey)
	must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(own)
	must(err)
	return write("ca.pem", "CERTIFICATE", caDER), write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", keyDER)
}

func TestConnectTLS(t *testing.T) {
	ca, cert, key := certificate(t, "nats.example")
	s := startServer(t, natsserver.Options{TLS: &natsserver.TLS{Cert: cert, Key: key}})
	at := []string{s.ClientURL()}
	wantConnectError(t, natslattice.Options{URLs: at, Token: token, TLS: &natslattice.TLS{ServerName: "nats.example"}}, lattice.ErrDenied, "CA certificate")
	wantConnectError(t, natslattice.Options{URLs: at, Token: token}, lattice.ErrDenied, "server name")
	wantConnectError(t, natslattice.Options{URLs: at, Token: token, TLS: &natslattice.TLS{CA: ca}}, lattice.ErrDenied, "server name")
	wantConnectError(t, natslattice.Options{URLs: at, Token: token, TLS: &natslattice.TLS{CA: key}}, lattice.ErrInvalid, "no certificate in it")
	connect(t, natslattice.Options{URLs: at, TLS: &natslattice.TLS{CA: ca, ServerName: "nats.example"}})

	plain := startServer(t, natsserver.Options{})
	wantConnectError(t, natslattice.Options{URLs: []string{plain.ClientURL()}, Token: token, TLS: &natslattice.TLS{CA: ca}}, lattice.ErrUnavailable, "TLS was asked for")

	mutual := startServer(t, natsserver.Options{TLS: &natsserver.TLS{Cert: cert, Key: key, ClientCA: ca}})
	known := &natslattice.TLS{CA: ca, ServerName: "nats.example"}
	wantConnectError(t, natslattice.Options{URLs: []string{mutual.ClientURL()}, Token: token, TLS: known}, lattice.ErrDenied, "client certificate")
	known.Cert, known.Key = cert, key
	connect(t, natslattice.Options{URLs: []string{mutual.ClientURL()}, TLS: known})
}

func TestConnectNoJetStream(t *testing.T) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	wantConnectError(t, natslattice.Options{URLs: []string{s.ClientURL()}}, lattice.ErrUnavailable, "JetStream is not enabled", "-js")
}

// says answers each connection with a text.
func says(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = c.Write([]byte(text))
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}

func TestConnectOldServer(t *testing.T) {
	at := says(t, `INFO {"server_id":"X","version":"2.10.29","proto":1,"headers":true,"max_payload":1048576}`+"\r\nPONG\r\n")
	wantConnectError(t, natslattice.Options{URLs: []string{at}}, lattice.ErrUnavailable, `"2.10.29"`, "2.11 or newer")
}

func TestConnectNotNATS(t *testing.T) {
	at := says(t, "SSH-2.0-OpenSSH_9.9\r\n")
	wantConnectError(t, natslattice.Options{URLs: []string{at}}, lattice.ErrUnavailable, "not a NATS server")
}

// TestConnectSilent is that the context ends the attempt.
func TestConnectSilent(t *testing.T) {
	at := says(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := natslattice.Connect(ctx, natslattice.Options{URLs: []string{at}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the end of the context", err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	stop(errTest)
	if _, err := natslattice.Connect(ctx, natslattice.Options{URLs: []string{at}}); !errors.Is(err, errTest) {
		t.Errorf("error %v, want %v", err, errTest)
	}
}

func TestSecret(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	o := natslattice.Options{Password: "hunter2", Token: "hunter2"}
	log.Info("options", "password", o.Password, "error", fmt.Sprintf("%v %+v %#v %s %q", o, o, o, o.Password, o.Token))
	log.Info("options", "error", o)
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("the password is in %s", &out)
	}
}
