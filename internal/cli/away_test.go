package cli_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
)

// machines is a lattice whose parts are processes of their own.
type machines struct {
	*testing.T
	options natsserver.Options
	server  *natsserver.Server
	url     string
}

func newMachines(t *testing.T) (*machines, *trust.Keyring) {
	t.Helper()
	keys := trusttest.Keyring(t)
	m := &machines{T: t, options: natsserver.Options{StoreDir: t.TempDir(), SystemAccount: keys.SystemAccount()}}
	var err error
	if m.options.Operator, err = keys.OperatorJWT(); err != nil {
		t.Fatal(err)
	}
	if m.options.Accounts, err = keys.Accounts(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.stop)
	return m, keys
}

// nats starts the server, each time on the same port.
func (m *machines) nats() {
	m.Helper()
	var err error
	if m.server, err = natsserver.Start(m.Context(), m.options); err != nil {
		m.Fatal(err)
	}
	m.url = m.server.ClientURL()
	address, err := url.Parse(m.url)
	if err != nil {
		m.Fatal(err)
	}
	if m.options.Port, err = strconv.Atoi(address.Port()); err != nil {
		m.Fatal(err)
	}
}

func (m *machines) stop() {
	if m.server == nil {
		return
	}
	if err := m.server.Shutdown(context.Background()); err != nil {
		m.Error(err)
	}
	m.server = nil
}

// creds writes credentials.
func (m *machines) creds(keys *trust.Keyring, role trust.Role, name string) string {
	m.Helper()
	c, err := keys.Issue(lattice.DefaultName, role, &trust.User{Name: name})
	if err != nil {
		m.Fatal(err)
	}
	file := filepath.Join(m.TempDir(), name+".creds")
	if err := c.Write(file); err != nil {
		m.Fatal(err)
	}
	return file
}

// wattle runs a command and returns what it prints.
func (m *machines) wattle(args ...string) string {
	m.Helper()
	p := start(m.T, args...)
	text, err := io.ReadAll(p.stdout)
	if err != nil {
		m.Fatal(err)
	}
	if stderr, status := p.end(m.T); status.ExitStatus() != 0 {
		m.Fatalf("wattle %q: exit code %d:\n%s", args, status.ExitStatus(), stderr)
	}
	return string(text)
}

// end has a process stop in good order, and returns the rest of its standard error.
func (m *machines) end(p *process) string {
	m.Helper()
	p.signal(m.T, syscall.SIGTERM)
	stderr, status := p.end(m.T)
	if status.ExitStatus() != 0 {
		m.Errorf("%q: exit code %d, want 0:\n%s", p.Args, status.ExitStatus(), stderr)
	}
	return stderr
}

// front waits for a front door, and returns its address.
func (m *machines) front(p *process) string {
	m.Helper()
	head := until(m.T, p.stdout, "  URL ")
	_, at, _ := strings.Cut(strings.TrimSpace(head), "  URL    ")
	until(m.T, p.stdout, "Ctrl-C stops it")
	return at
}

// serves waits until a path is answered.
func (m *machines) serves(address string) {
	m.Helper()
	for m.Context().Err() == nil {
		req, err := http.NewRequestWithContext(m.Context(), http.MethodGet, address, nil)
		if err != nil {
			m.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			m.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err == nil && resp.StatusCode == http.StatusOK && strings.HasPrefix(string(body), "Hello from Go") {
			return
		}
	}
}

// TestStartsAway starts a host with a front door while NATS is away: it serves what it
// had, and joins when it can.
func TestStartsAway(t *testing.T) {
	t.Setenv("WATTLE_CACHE_DIR", filepath.Join(t.TempDir(), "cache"))
	m, keys := newMachines(t)
	m.nats()
	scheduling := []string{"scheduler", "run", "--join", m.url, "--creds", m.creds(keys, trust.RoleScheduler, "one"), "--data-dir", t.TempDir(), "--wasmcloud"}
	scheduler := start(t, scheduling...)
	until(t, scheduler.stdout, "serves lattice default")
	hosting := []string{
		"up", "--join", m.url, "--creds", m.creds(keys, trust.RoleHost, "edge-1"),
		"--data-dir", t.TempDir(), "--addr", "127.0.0.1:0",
	}
	host := start(t, hosting...)
	m.serves404(m.front(host))
	as := []string{"--nats", m.url, "--creds", m.creds(keys, trust.RoleOperator, "ann")}
	command := func(args ...string) string { return m.wattle(append(args, as...)...) }
	if text := command("get", "hosts"); !strings.Contains(text, "\nedge-1 ") {
		t.Errorf("the host has not the name of its credentials:\n%s", text)
	}
	command("component", "start", "hello", "../../examples/hello-http/hello.wasm", "--route", "/hello")
	m.end(host)
	m.stop()

	host = start(t, hosting...)
	at := m.front(host)
	m.serves(at + "/hello")
	m.nats()
	until(t, host.stderr, "connected to nats")
	until(t, scheduler.stderr, "connection to nats restored")
	// The last word that the scheduler has of the host may be that it has ended.
	for again := true; again; {
		p := start(t, append([]string{"component", "start", "later", "../../examples/hello-http/hello.wasm", "--route", "/later"}, as...)...)
		stderr, status := p.end(t)
		if again = status.ExitStatus() == 3 && strings.Contains(stderr, "it has ended"); !again && status.ExitStatus() != 0 {
			t.Fatalf("exit code %d:\n%s", status.ExitStatus(), stderr)
		}
	}
	m.serves(at + "/later")
	m.end(host)
	m.end(scheduler)
}

// serves404 asks for what nobody answers.
func (m *machines) serves404(address string) {
	m.Helper()
	resp, err := http.Get(address)
	if err != nil {
		m.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		m.Errorf("%s: status %d, want 404", address, resp.StatusCode)
	}
}

// TestRefusedLater starts processes while NATS is away that it then refuses.
func TestRefusedLater(t *testing.T) {
	t.Setenv("WATTLE_CACHE_DIR", filepath.Join(t.TempDir(), "cache"))
	m, _ := newMachines(t)
	strangers := trusttest.Keyring(t)
	m.nats()
	m.stop()
	host := m.creds(strangers, trust.RoleHost, "edge-1")
	all := []*process{
		start(t, "hostgroup", "run", "--join", m.url, "--creds", host, "--data-dir", t.TempDir()),
		start(t, "up", "--join", m.url, "--creds", host, "--data-dir", t.TempDir(), "--addr", "127.0.0.1:0"),
		start(t, "scheduler", "run", "--join", m.url, "--creds", m.creds(strangers, trust.RoleScheduler, "one"), "--data-dir", t.TempDir()),
	}
	for _, p := range all {
		until(t, p.stderr, "no connection to nats yet")
	}
	m.nats()
	for _, p := range all {
		if stderr, status := p.end(t); status.ExitStatus() != 4 || !strings.Contains(stderr, "does not accept the credentials") {
			t.Errorf("%q: exit code %d, want 4:\n%s", p.Args, status.ExitStatus(), stderr)
		}
	}
}
