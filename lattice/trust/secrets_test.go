package trust_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
)

// TestSecretsKey is that all schedulers of a lattice open what was sealed for one of
// them, and nobody else does.
func TestSecretsKey(t *testing.T) {
	k := trusttest.Keyring(t)
	one := trusttest.Creds(t, k, "default", trust.RoleScheduler)
	key, err := one.SecretsKey()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal.Seal(key.Public(), "x", []byte("s3cret"))
	if err != nil {
		t.Fatal(err)
	}
	opens := func(c *trust.Creds) error {
		key, err := c.SecretsKey()
		if err == nil {
			_, err = key.Open("x", sealed)
		}
		return err
	}
	if err := opens(trusttest.Creds(t, k, "default", trust.RoleScheduler)); err != nil {
		t.Errorf("another scheduler: %v", err)
	}
	text, err := one.Text()
	if err != nil {
		t.Fatal(err)
	}
	back, err := trust.ParseCreds(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := opens(back); err != nil {
		t.Errorf("from a file: %v", err)
	}
	if _, err := k.Account("other"); err == nil {
		t.Fatal("there is another lattice")
	}
	if _, err := trust.OpenOrInit(k.Dir(), "other"); err != nil {
		t.Fatal(err)
	}
	if err := opens(trusttest.Creds(t, k, "other", trust.RoleScheduler)); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("a scheduler of another lattice: %v", err)
	}
	for _, role := range trust.Roles() {
		if role == trust.RoleScheduler {
			continue
		}
		c := trusttest.Creds(t, k, "default", role)
		if err := opens(c); !errors.Is(err, lattice.ErrDenied) {
			t.Errorf("%s: %v", role, err)
		}
		if text, err := c.Text(); err != nil || bytes.Contains(text, []byte("SECRETS")) {
			t.Errorf("%s: %v: its credentials have a key for secrets", role, err)
		}
	}
	for _, format := range []string{one.String(), one.GoString(), one.LogValue().String()} {
		if strings.Contains(format, "SECRETS") || strings.Contains(format, secretsLine(t, text)) {
			t.Errorf("%q shows the key", format)
		}
	}
	for name, bad := range map[string]string{
		"cut":     strings.Replace(string(text), secretsLine(t, text), secretsLine(t, text)[:40], 1),
		"changed": strings.Replace(string(text), secretsLine(t, text), "!"+secretsLine(t, text)[1:], 1),
		"no end":  strings.Replace(string(text), "END WATTLE", "", 1),
	} {
		if _, err := trust.ParseCreds([]byte(bad)); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func secretsLine(t *testing.T, text []byte) string {
	t.Helper()
	_, rest, ok := strings.Cut(string(text), "-----BEGIN WATTLE SECRETS KEY-----\n")
	line, _, _ := strings.Cut(rest, "\n")
	if !ok || len(line) != 43 {
		t.Fatalf("no key for secrets: %q", line)
	}
	return line
}

// Credentials that an older version made have no key for secrets. Those that a keyring
// keeps are made anew with the same key; of others it is said what to do.
func TestOldCredentialsOfSchedulers(t *testing.T) {
	k := trusttest.Keyring(t)
	c, err := k.Creds("default", trust.RoleScheduler, "")
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Text()
	if err != nil {
		t.Fatal(err)
	}
	old, _, _ := strings.Cut(string(text), "\n-----BEGIN WATTLE SECRETS KEY-----")
	file := filepath.Join(k.Dir(), "lattices", "default", "creds", "scheduler-scheduler.creds")
	if err := os.WriteFile(file, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := trust.ReadCreds(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.SecretsKey(); !errors.Is(err, lattice.ErrNotFound) || !strings.Contains(err.Error(), "wattle lattice creds scheduler") {
		t.Errorf("%v: want the next step", err)
	}
	after, err := k.Creds("default", trust.RoleScheduler, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := after.SecretsKey(); err != nil || after.User() != before.User() {
		t.Errorf("made anew: %v, user %s, want %s", err, after.User(), before.User())
	}
}

// TestSealKey is that a host's key to open with follows from its key.
func TestSealKey(t *testing.T) {
	key, err := trust.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	one, err := key.SealKey()
	if err != nil {
		t.Fatal(err)
	}
	two, err := key.SealKey()
	if err != nil || !bytes.Equal(one.Public(), two.Public()) {
		t.Errorf("it is another one: %v", err)
	}
}

// TestGatewayKey is that all gateways of a lattice share a secret, which is what its
// schedulers hand out, and nobody else has it.
func TestGatewayKey(t *testing.T) {
	k := trusttest.Keyring(t)
	of := func(c *trust.Creds) *seal.Shared {
		t.Helper()
		s, err := c.GatewayKey()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	one := trusttest.Creds(t, k, "default", trust.RoleGateway)
	text, err := one.Text()
	if err != nil {
		t.Fatal(err)
	}
	back, err := trust.ParseCreds(text)
	if err != nil {
		t.Fatal(err)
	}
	key, err := trusttest.Creds(t, k, "default", trust.RoleScheduler).SecretsKey()
	if err != nil {
		t.Fatal(err)
	}
	handed, err := key.Shared(seal.MCP)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := k.GatewayKey("default")
	if err != nil {
		t.Fatal(err)
	}
	for who, s := range map[string]*seal.Shared{
		"another gateway": of(trusttest.Creds(t, k, "default", trust.RoleGateway)), "from a file": of(back), "schedulers": handed, "the keyring": ring,
	} {
		if *s != *of(one) {
			t.Errorf("%s: another secret", who)
		}
	}
	if _, err := trust.OpenOrInit(k.Dir(), "other"); err != nil {
		t.Fatal(err)
	}
	if *of(trusttest.Creds(t, k, "other", trust.RoleGateway)) == *of(one) {
		t.Error("gateways of another lattice share it")
	}
	for _, role := range trust.Roles() {
		if role == trust.RoleGateway {
			continue
		}
		if _, err := trusttest.Creds(t, k, "default", role).GatewayKey(); !errors.Is(err, lattice.ErrDenied) {
			t.Errorf("%s: %v", role, err)
		}
	}
	if bytes.Contains(text, []byte("SECRETS")) {
		t.Error("the credentials of a gateway have a key for secrets")
	}
	before, _, _ := strings.Cut(string(text), "\n-----BEGIN WATTLE GATEWAY KEY-----")
	old, err := trust.ParseCreds([]byte(before))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.GatewayKey(); !errors.Is(err, lattice.ErrNotFound) || !strings.Contains(err.Error(), "wattle lattice creds gateway") {
		t.Errorf("%v: want the next step", err)
	}
	if _, err := trust.ParseCreds(bytes.Replace(text, []byte("KEY-----\n"), []byte("KEY-----\n!"), 1)); err == nil {
		t.Error("a damaged key is taken")
	}
}
