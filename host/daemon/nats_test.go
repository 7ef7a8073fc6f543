package daemon_test

import (
	"context"
	"net/url"
	"strconv"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
)

// newNATSWorld makes a lattice on NATS, where the host has no more rights than a host
// has. It returns the server and how it was started.
func newNATSWorld(t *testing.T) (*world, *natsserver.Server, natsserver.Options) {
	t.Helper()
	w := newWorld(t)
	operator, err := w.ring.OperatorJWT()
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := w.ring.Accounts()
	if err != nil {
		t.Fatal(err)
	}
	o := natsserver.Options{Name: "test", StoreDir: t.TempDir(), Operator: operator, Accounts: accounts, SystemAccount: w.ring.SystemAccount(), MaxStore: 16 << 30}
	server, err := natsserver.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Shutdown(context.Background()) })
	address, err := url.Parse(server.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	if o.Port, err = strconv.Atoi(address.Port()); err != nil { // the one that was free
		t.Fatal(err)
	}
	connect := func(role trust.Role, key *trust.Key) (lattice.Lattice, error) {
		c, err := w.ring.Issue(lattice.DefaultName, role, &trust.User{Key: key}) // no key: a new one
		if err != nil {
			return nil, err
		}
		return natslattice.Connect(t.Context(), natslattice.Options{URLs: []string{server.ClientURL()}, Credentials: c})
	}
	w.net = nil
	if w.l, err = connect(trust.RoleScheduler, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.l.Close() })
	w.as = connect
	w.connect = func() (lattice.Lattice, error) { return connect(trust.RoleHost, w.key) }
	w.create()
	return w, server, o
}

// TestNATS restarts the server of a host.
func TestNATS(t *testing.T) {
	w, server, o := newNATSWorld(t)
	t.Cleanup(func() { _ = server.Shutdown(context.Background()) })
	h := w.start()
	one, two := w.upload("one", hello), w.upload("two", target)
	w.want(one)
	w.awaitRunning("one")
	w.awaitReady("one", true)
	if err := server.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.says(h, "one", "hello")
	var err error
	if server, err = natsserver.Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for w.l.Flush(t.Context()) != nil { // until the scheduler has its connection back
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	w.want(one, two)
	w.awaitRunning("one", "two")
	w.awaitReady("two", true)
	w.desired.State = lattice.HostDrained
	w.put()
	w.awaitState(lattice.HostDrained)
	w.awaitReady("one", false)
	w.awaitReady("two", false)
	if err := h.stop(); err != nil {
		t.Error(err)
	}
	w.awaitState(lattice.HostStopped)
}
