package cli_test

import (
	"crypto/tls"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
)

// TestForeignNATS runs a lattice on NATS servers that know users by their keys, and
// nothing of Wattle's accounts, over TLS: each signs as ever, and believes the
// scheduler of the account that --trust names.
func TestForeignNATS(t *testing.T) {
	dir := t.TempDir()
	users := map[string]string{} // files by name
	opts := &natsd.Options{Host: "127.0.0.1", Port: natsd.RANDOM_PORT, JetStream: true, StoreDir: filepath.Join(dir, "nats"), NoSigs: true, NoLog: true}
	for _, name := range []string{"scheduler", "host", "operator"} {
		file := filepath.Join(dir, name+".nk")
		key, err := trust.OpenOrCreateKey(file)
		if err != nil {
			t.Fatal(err)
		}
		users[name] = file
		opts.Nkeys = append(opts.Nkeys, &natsd.NkeyUser{Nkey: key.User()})
	}
	web := httptest.NewTLSServer(nil) // for its certificate of 127.0.0.1
	web.Close()
	opts.TLS, opts.TLSTimeout = true, 5
	opts.TLSConfig = &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	nats, err := natsd.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	nats.Start()
	t.Cleanup(func() { nats.Shutdown(); nats.WaitForShutdown() })
	if !nats.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}

	keys := trusttest.Keyring(t)
	account, err := keys.Account(lattice.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	m := &machines{T: t, options: natsserver.Options{}, url: nats.ClientURL()}
	as := func(name string) []string { return []string{"--nkey", users[name], "--tls-ca", ca} }
	scheduler := start(t, append(as("scheduler"), "scheduler", "run", "--join", m.url, "--creds", m.creds(keys, trust.RoleScheduler, "scheduler"), "--data-dir", filepath.Join(dir, "scheduler"))...)
	until(t, scheduler.stdout, "Ctrl-C")
	host := start(t, append(as("host"), "hostgroup", "run", "--join", m.url, "--trust", account, "--name", "far", "--data-dir", filepath.Join(dir, "host"))...)
	until(t, host.stdout, "Ctrl-C")
	operator := append(as("operator"), "--nats", m.url, "--trust", account)
	m.wattle(append(operator, "component", "start", "hello", filepath.Join("..", "guests", "incoming_hello", "guest.wasm"))...)
	if got := m.wattle(append(operator, "get", "components")...); !strings.Contains(got, "running") || !strings.Contains(got, "far") {
		t.Errorf("components are\n%s", got)
	}
	m.end(host)
	m.end(scheduler)

	p := start(t, "get", "hosts", "--nats", m.url, "--trust", account, "--nkey", users["operator"])
	if stderr, status := p.end(t); status.ExitStatus() == 0 || !strings.Contains(stderr, "certificate") {
		t.Errorf("without --tls-ca: exit code %d, %q", status.ExitStatus(), stderr)
	}
}
