package pgpool_test

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
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/postgres"
	"github.com/wattle-dev/wattle/providers/postgres/pgpool"
	"github.com/wattle-dev/wattle/providers/postgres/postgrestest"
)

// certificate returns one for the loopback address that nobody else has signed.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "db"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// What is asked of an encrypted connection is what there is.
func TestTLS(t *testing.T) {
	cert, key := certificate(t)
	s := postgrestest.Start(t, postgrestest.Options{Cert: cert, Key: key})
	good := pgpool.Options{
		Host: "127.0.0.1", Port: s.Port, User: s.User, Password: s.Password, Database: "postgres",
		Connections: 1, MaxRows: 10, MaxBytes: 1000, Timeout: bounds.Timeout,
	}
	for _, test := range []struct {
		name, host, ca string
		mode           pgpool.TLSMode
		encrypted      string // empty if there is to be no connection
	}{
		{"verified", "127.0.0.1", string(cert), pgpool.TLSVerify, "t"},
		{"unknown", "127.0.0.1", "", pgpool.TLSVerify, ""},
		{"another name", "localhost", string(cert), pgpool.TLSVerify, ""},
		{"required", "127.0.0.1", "", pgpool.TLSRequire, "t"},
		{"off", "127.0.0.1", "", pgpool.TLSOff, "f"},
	} {
		o := good
		o.Host, o.CA, o.TLS = test.host, test.ca, test.mode
		got := ""
		err := open(t, o).Query(t.Context(), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", nil, func(_ []postgres.Column, row [][]byte) error {
			got = string(row[0])
			return nil
		})
		if got != test.encrypted || (test.encrypted == "") != errors.Is(err, lattice.ErrUnavailable) {
			t.Errorf("%s: encrypted %q, %v", test.name, got, err)
		}
	}
	bad := good
	bad.CA = "nothing"
	if _, err := pgpool.New(t.Context(), bad); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("certificates that are none: %v", err)
	}
}
