//go:build e2e && linux

package lattice_test

import (
	"bytes"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
)

// TestStockClient looks at a lattice of many processes with the stock client.
func TestStockClient(t *testing.T) {
	l := startLattice(t)
	stock(t, l)
}

// TestStockClientUp does so with what `wattle up` runs in one process.
func TestStockClientUp(t *testing.T) {
	l := startUp(t)
	stock(t, l)
}

// startUp starts a lattice by `wattle up`.
func startUp(t *testing.T) *testLattice {
	t.Helper()
	l := &testLattice{net: newNetwork(t)}
	m := l.net.machine(t, "up")
	address := net.JoinHostPort(m.addr, "4222")
	l.front = &daemon{m: m, args: []string{"up", "--name", "up", "--addr", "0.0.0.0:8000", "--nats-addr", address, "--data-dir", "data"}}
	l.front.url = "http://" + net.JoinHostPort(m.addr, "8000")
	l.nats = []*natsServer{{m: m}}
	l.front.start(t)
	l.operator = filepath.Join(l.net.dir, "operator.creds")
	eventually(t, time.Minute, "wattle up has made its keys", func() bool {
		return exec.Command(filepath.Join(bin, "wattle"), "lattice", "creds", "operator", "--dir", filepath.Join(m.dir, "data", "keys"), "--output", l.operator).Run() == nil
	})
	eventually(t, time.Minute, "the host is ready", func() bool {
		h, ok := l.report(t, l.front)
		if ok {
			l.front.id = string(h.ID)
		}
		return ok && h.State == lattice.HostReady
	})
	c, err := trust.ReadCreds(l.operator)
	if err != nil {
		t.Fatal(err)
	}
	l.inbox = c.InboxPrefix()
	return l
}

// stock looks at a lattice with the NATS project's own command line.
func stock(t *testing.T, l *testLattice) {
	t.Helper()
	nats := filepath.Join(bin, "nats")
	if _, err := exec.LookPath(nats); err != nil {
		missing(t, "the nats command cannot be built here")
	}
	// A user may listen in inboxes of its own only, of which the client has to be told.
	command := func(args ...string) *exec.Cmd {
		return exec.Command(nats, append([]string{"--no-context", "--server", urls(l.nats), "--creds", l.operator, "--inbox-prefix", l.inbox}, args...)...)
	}
	ask := func(args ...string) string {
		t.Helper()
		out := run(t, command(args...))
		t.Logf("nats %s\n%s", strings.Join(args, " "), out)
		return out
	}
	all := l.daemons()
	// shows asks until all hosts are in the answer: the client stops listening when
	// nobody has answered for a moment.
	shows := func(args ...string) {
		t.Helper()
		eventually(t, time.Minute, "nats "+strings.Join(args, " ")+" shows all hosts", func() bool {
			out := ask(args...)
			return !slices.ContainsFunc(all, func(d *daemon) bool { return !strings.Contains(out, d.id) })
		})
	}
	shows("micro", "ls")
	shows("micro", "ping", "wattle-host")
	shows("micro", "stats", "wattle-host")
	for _, d := range all {
		if out := ask("micro", "info", "wattle-host", d.id); !strings.Contains(out, d.id) {
			t.Errorf("nats micro info does not have %s:\n%s", d.id, out)
		}
	}
	if out := ask("kv", "ls"); !strings.Contains(out, "wattle_default_hosts") {
		t.Errorf("nats kv ls does not have the bucket of hosts:\n%s", out)
	}
	shows("kv", "ls", "wattle_default_hosts")
	for _, d := range all {
		if out := ask("kv", "get", "wattle_default_hosts", d.id, "--raw"); !strings.Contains(out, d.id) || !strings.Contains(out, `"state":"ready"`) {
			t.Errorf("nats kv get does not have the report of %s:\n%s", d.m.name, out)
		}
	}

	// An event is seen while it happens.
	events := command("sub", "wattle.default.event.>", "--count", "1")
	var seen lockedBuffer
	events.Stdout, events.Stderr = &seen, &seen
	if err := events.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = events.Process.Kill() })
	eventually(t, time.Minute, "nats sub listens", func() bool { return strings.Contains(seen.String(), "Subscribing on") })
	l.cli(t, "host", "label", all[len(all)-1].id, "colour=blue")
	if err := events.Wait(); err != nil {
		t.Errorf("nats sub: %v", err)
	}
	out := seen.String()
	t.Log(out)
	if !strings.Contains(out, `"specversion":"1.0"`) || !strings.Contains(out, "dev.wattle.host.labels") {
		t.Errorf("nats sub shows no event of the label:\n%s", out)
	}
}

// lockedBuffer is a buffer that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
