//go:build e2e && linux

package lattice_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
)

// testLattice is a lattice on as many machines as it has processes: three NATS servers,
// three schedulers, a daemon with the front door, and hosts.
type testLattice struct {
	net   *network
	nats  []*natsServer
	front *daemon
	hosts []*daemon

	schedulers []*schedulerNode
	ledger     *ledger
	commands   int // that were given by commanders
	// creds makes credentials.
	creds func(trust.Role, string) (file string)
	// operator is a file with credentials, inbox how the subjects begin on which
	// they let their owner listen for answers.
	operator, inbox string
}

// daemon is a Wattle daemon.
type daemon struct {
	m    *machine
	args []string
	p    *process
	id   string // of its host
	url  string // of its front door, if it has one
}

func (d *daemon) start(t *testing.T) {
	t.Helper()
	d.p = d.m.start(t, "wattle", filepath.Join(bin, "wattle"), d.args...)
}

// The group of the hosts, and the guests that run there, which are the paths of their
// requests.
const group = "edge"

var guests = []string{"hello", "echo"}

// startLattice starts a lattice of three hosts on a network of its own.
func startLattice(t *testing.T) *testLattice { t.Helper(); return startLatticeOn(t, newNetwork(t), 3) }

// startLatticeOn starts a lattice of some hosts, and waits until all of them serve both
// guests. env is added to the environment of the daemons.
func startLatticeOn(t *testing.T, n *network, hosts int, env ...string) *testLattice {
	t.Helper()
	l := &testLattice{net: n, ledger: newLedger()}
	keys := filepath.Join(n.dir, "keys")
	wattle := func(args ...string) string {
		t.Helper()
		return run(t, exec.Command(filepath.Join(bin, "wattle"), append(append([]string{"lattice"}, args...), "--dir", keys)...))
	}
	wattle("init")
	config := wattle("server-config")
	_, auth, ok := strings.Cut(config, "# Who lets users in.\n")
	if !ok {
		t.Fatalf("the configuration of NATS servers does not say who lets users in:\n%s", config)
	}
	l.creds = func(role trust.Role, name string) (file string) {
		t.Helper()
		file = filepath.Join(n.dir, name+".creds")
		wattle("creds", string(role), "--name", name, "--output", file)
		return file
	}
	l.nats = natsCluster(t, n, auth)
	l.operator = l.creds(trust.RoleOperator, "operator")
	c, err := trust.ReadCreds(l.operator)
	if err != nil {
		t.Fatal(err)
	}
	l.inbox = c.InboxPrefix()
	l.schedule(t)

	l.front = &daemon{m: n.existing(t, "front"), args: append([]string{"up", "--name", "front", "--creds", l.creds(trust.RoleHost, "front"), "--addr", "0.0.0.0:8000", "--timeout", "3m"}, l.join()...)}
	l.front.url = "http://" + net.JoinHostPort(l.front.m.addr, "8000")
	for range hosts {
		l.newHost(t)
	}
	for _, d := range l.daemons() {
		d.m.extra = env
		d.start(t)
	}
	l.untilReady(t, l.daemons()...)
	l.deploy(t, guestsApp("v1", helloGuest))
	for _, d := range l.hosts {
		l.untilServing(t, d)
	}
	l.untilAnswered(t)
	return l
}

// untilAnswered waits until the front door answers.
func (l *testLattice) untilAnswered(t *testing.T) {
	t.Helper()
	eventually(t, time.Minute, "the front door answers", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := small(ctx, http.DefaultClient, l.front.url+"/hello")
		return err == nil
	})
}

// join are the flags of daemons.
func (l *testLattice) join() []string {
	return []string{"--join", urls(l.nats), "--data-dir", "data", "--max-body", "2GiB"}
}

// newHost makes a machine for a host, which is not started.
func (l *testLattice) newHost(t *testing.T) *daemon {
	t.Helper()
	name := fmt.Sprintf("host%d", len(l.hosts)+1)
	args := []string{"hostgroup", "run", "--group", group, "--name", name, "--creds", l.creds(trust.RoleHost, name)}
	d := &daemon{m: l.net.machine(t, name), args: append(args, l.join()...)}
	l.hosts = append(l.hosts, d)
	return d
}

// untilReady waits until hosts say that they are ready, and notes who they are.
func (l *testLattice) untilReady(t *testing.T, all ...*daemon) {
	t.Helper()
	eventually(t, time.Minute, "the hosts are ready", func() bool {
		for _, d := range all {
			h, ok := l.report(t, d)
			if !ok || h.State != lattice.HostReady {
				return false
			}
			d.id = string(h.ID)
		}
		return true
	})
}

func (l *testLattice) daemons() []*daemon { return append([]*daemon{l.front}, l.hosts...) }

// cli runs a command of the operator on the machine of the test.
func (l *testLattice) cli(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, l.command(args...))
}

func (l *testLattice) command(args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(bin, "wattle"), append(args, "--nats", urls(l.nats), "--creds", l.operator)...)
	c.Env = []string{"HOME=" + l.net.dir, "PATH=/usr/bin:/bin"}
	return c
}

// get returns what `wattle get` has of a kind.
func get[T any](t *testing.T, l *testLattice, kind string) []T {
	t.Helper()
	out, err := l.command("get", kind, "-o", "json").Output()
	var all []T
	if err != nil || json.Unmarshal(out, &all) != nil {
		return nil // NATS may be away
	}
	return all
}

// report returns what a host says of itself, and whether there is a report.
func (l *testLattice) report(t *testing.T, d *daemon) (lattice.HostReport, bool) {
	t.Helper()
	all := get[lattice.HostReport](t, l, "hosts")
	i := slices.IndexFunc(all, func(h lattice.HostReport) bool { return h.Name == d.m.name || d.id != "" && string(h.ID) == d.id })
	if i < 0 {
		return lattice.HostReport{}, false
	}
	return all[i], true
}

// untilState waits until a host says that it is in a state.
func (l *testLattice) untilState(t *testing.T, d *daemon, state lattice.HostState) {
	t.Helper()
	eventually(t, time.Minute, d.m.name+" is "+string(state), func() bool {
		h, ok := l.report(t, d)
		return ok && h.State == state
	})
}

// untilServing waits until a host takes calls for all guests.
func (l *testLattice) untilServing(t *testing.T, d *daemon) {
	t.Helper()
	eventually(t, time.Minute, d.m.name+" serves all guests", func() bool { return l.serving(t, d) == len(guests) })
}

// serving returns for how many guests a host takes calls.
func (l *testLattice) serving(t *testing.T, d *daemon) int {
	t.Helper()
	n := 0
	for _, c := range get[struct {
		Status []struct {
			Host             string `json:"host"`
			Ready, Reachable bool
		} `json:"status"`
	}](t, l, "components") {
		for _, s := range c.Status {
			if s.Host == d.id && s.Ready && s.Reachable {
				n++
			}
		}
	}
	return n
}

// on has all guests run on the first host of the group only.
func (l *testLattice) on(t *testing.T, one *daemon) {
	t.Helper()
	for _, d := range l.hosts {
		if d != one {
			l.cli(t, "host", "drain", d.id)
		}
	}
	eventually(t, time.Minute, "only "+one.m.name+" serves", func() bool {
		for _, d := range l.daemons() {
			if want := len(guests); d != one && l.serving(t, d) != 0 || d == one && l.serving(t, d) != want {
				return false
			}
		}
		return true
	})
}
