package raftlog_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// acknowledged has proposals until one is taken, by whoever leads, and returns the state.
func acknowledged(t testing.TB, number int, all ...*member) *state.State {
	t.Helper()
	for range 100 {
		l, _ := leader(t, all...)
		s, err := l.Propose(t.Context(), &state.Entry{Base: l.State().Seq, Changes: put(number)})
		if err == nil {
			return s
		}
		if !errors.Is(err, lattice.ErrUnavailable) && !errors.Is(err, lattice.ErrConflict) {
			t.Fatal(err)
		}
	}
	t.Fatal("no proposal was taken")
	return nil
}

func complete(t testing.TB, s *state.State, entries int) {
	t.Helper()
	for i := range entries {
		if s.Config(lattice.ConfigName(fmt.Sprintf("config-%d", i))) == nil {
			t.Errorf("entry %d was acknowledged, and is lost", i)
		}
	}
}

func TestCluster(t *testing.T) {
	w := newNetwork(t)
	all := w.cluster(t, 3)
	first, others := leader(t, all...)
	for i := range 10 {
		propose(t, first.Node, i)
	}
	for _, m := range others {
		wait(t, m.Node, "to follow", has(10))
		_, err := m.Propose(t.Context(), &state.Entry{Base: 10, Changes: put(1)})
		if !errors.Is(err, lattice.ErrUnavailable) || !lattice.Undelivered(err) || !strings.Contains(err.Error(), first.ID()) {
			t.Errorf("propose to a follower: %v", err)
		}
		if _, err := m.Verify(t.Context()); !lattice.Undelivered(err) {
			t.Errorf("verify by a follower: %v", err)
		}
	}
	if ms := first.Members(); len(ms) != 3 || !ms[0].Voter {
		t.Errorf("members: %+v", ms)
	}

	// The leader ends without a word.
	began := time.Now()
	w.sever(first.o.Advertise, true)
	second, _ := leader(t, others...)
	t.Logf("another leader after %v", time.Since(began))
	for i := 10; i < 20; i++ {
		acknowledged(t, i, others...)
	}
	wait(t, first.Node, "to lose the lead", func(u raftlog.Update) bool { return !u.Leader.Self })
	if _, err := first.Propose(t.Context(), &state.Entry{Base: first.State().Seq, Changes: put(99)}); !lattice.Undelivered(err) {
		t.Errorf("propose to one that is cut off: %v", err)
	}
	if _, err := first.Verify(t.Context()); !lattice.Undelivered(err) {
		t.Errorf("verify by one that is cut off: %v", err)
	}
	w.sever(first.o.Advertise, false)
	wait(t, first.Node, "to catch up", has(20))
	complete(t, first.State(), 20)

	// All end, and start again.
	shut(t, second.Node)
	for _, m := range all {
		_ = m.Close()
	}
	for _, m := range all {
		m.start(t)
	}
	l, _ := leader(t, all...)
	complete(t, l.State(), 20)
	acknowledged(t, 20, all...)
}

// TestKillUnderLoad ends leaders while proposals are under way: what was acknowledged
// stays.
func TestKillUnderLoad(t *testing.T) {
	w := newNetwork(t)
	all := w.cluster(t, 3)
	entries := 0
	for range 3 {
		for range 20 {
			acknowledged(t, entries, all...)
			entries++
		}
		l, _ := leader(t, all...)
		pending := make(chan struct{})
		go func() {
			defer close(pending)
			for i := range 50 {
				if _, err := l.Propose(context.Background(), &state.Entry{Base: l.State().Seq, Changes: put(1000 + i)}); err != nil {
					return
				}
			}
		}()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-pending
		l.start(t)
	}
	l, others := leader(t, all...)
	complete(t, l.State(), entries)
	for _, m := range others {
		wait(t, m.Node, "to catch up", has(l.State().Seq))
		complete(t, m.State(), entries)
	}
}

func TestMembership(t *testing.T) {
	w := newNetwork(t)
	first := &member{o: w.options(t)}
	first.o.Trailing, first.o.SnapshotEntries = 2, 10
	first.start(t)
	leader(t, first)
	for i := range 30 {
		propose(t, first.Node, i)
	}
	// Those to come have to be given a snapshot.
	if err := first.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := []*member{first}
	for range 2 {
		m := &member{o: w.options(t)}
		m.o.Join = true
		m.start(t)
		if s := m.Status(); s.Role != "waiting" {
			t.Errorf("role of one that is to be added: %q", s.Role)
		}
		if _, err := first.Add(t.Context(), m.o.Advertise); err != nil {
			t.Fatal(err)
		}
		wait(t, m.Node, "to have the state", has(30))
		complete(t, m.State(), 30)
		all = append(all, m)
	}
	if _, err := first.Add(t.Context(), all[1].o.Advertise); !errors.Is(err, lattice.ErrExists) {
		t.Errorf("add a member again: %v", err)
	}

	// Two are enough, and one that is away comes back.
	if err := all[2].Close(); err != nil {
		t.Fatal(err)
	}
	for i := 30; i < 60; i++ {
		acknowledged(t, i, all[:2]...)
	}
	all[2].start(t)
	wait(t, all[2].Node, "to catch up", has(60))

	l, others := leader(t, all...)
	if err := l.Remove(t.Context(), "nobody:1"); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("remove one that there is not: %v", err)
	}
	// The leader itself goes first.
	if err := l.Remove(t.Context(), l.ID()); err != nil {
		t.Fatal(err)
	}
	l, others = leader(t, others...)
	if err := l.Remove(t.Context(), others[0].ID()); err != nil {
		t.Fatal(err)
	}
	complete(t, acknowledged(t, 60, l), 61)
	if err := l.Remove(t.Context(), l.ID()); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("remove the only one: %v", err)
	}
}

func TestAddRefused(t *testing.T) {
	w := newNetwork(t)
	first := &member{o: w.options(t)}
	var asked atomic.Int64
	var silent atomic.Pointer[string]
	dial := first.o.Dial
	first.o.Dial = func(ctx context.Context, network, to string) (net.Conn, error) {
		if s := silent.Load(); s != nil && *s == to && asked.Add(1) > 1 {
			return nil, errors.New("cut off")
		}
		return dial(ctx, network, to)
	}
	first.start(t)
	leader(t, first)

	lone := &member{o: w.options(t)}
	lone.start(t)
	other := &member{o: w.options(t)}
	other.o.Lattice, other.o.Join = "other", true
	other.start(t)
	nobody := listen(t, "127.0.0.1:0")
	away := nobody.Addr().String()
	if err := nobody.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		address string
		want    error
	}{
		{lone.o.Advertise, lattice.ErrExists},
		{other.o.Advertise, lattice.ErrInvalid},
		{away, lattice.ErrUnavailable},
		{"nowhere", lattice.ErrInvalid},
		{"0.0.0.0:7700", lattice.ErrInvalid},
	} {
		if _, err := first.Add(t.Context(), c.address); !errors.Is(err, c.want) {
			t.Errorf("add %s: %v, want %v", c.address, err, c.want)
		}
	}
	if ms := first.Members(); len(ms) != 1 {
		t.Errorf("members afterwards: %+v", ms)
	}

	// One that goes away while it is added is taken out again: it answers once, and is
	// never reached after that.
	gone := &member{o: w.options(t)}
	gone.o.Join = true
	gone.start(t)
	asked.Store(0)
	silent.Store(&gone.o.Advertise)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := first.Add(ctx, gone.o.Advertise); err == nil || !strings.Contains(err.Error(), "taken out again") {
		t.Errorf("add one that cannot be reached: %v", err)
	}
	if ms := first.Members(); len(ms) != 1 {
		t.Errorf("members afterwards: %+v", ms)
	}
	// It can be added when it is back.
	silent.Store(nil)
	if _, err := first.Add(t.Context(), gone.o.Advertise); err != nil {
		t.Error(err)
	}
}

// TestLostDirectories has two of three nodes lose all that they had: they must not
// begin anew without the third.
func TestLostDirectories(t *testing.T) {
	w := newNetwork(t)
	all := w.cluster(t, 3)
	for i := range 5 {
		acknowledged(t, i, all...)
	}
	for _, m := range all {
		wait(t, m.Node, "to follow", has(5))
	}
	for _, m := range all[:2] {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		m.o.Dir = t.TempDir()
	}
	for _, m := range all[:2] {
		m.start(t)
	}
	l, _ := leader(t, all...)
	complete(t, l.State(), 5)
	for _, m := range all {
		wait(t, m.Node, "to have the state", has(5))
	}
}

// TestStrangers has connections that are from no scheduler of the lattice.
func TestStrangers(t *testing.T) {
	w := newNetwork(t)
	all := w.cluster(t, 3)
	l, others := leader(t, all...)
	stranger := newNetwork(t)
	for _, c := range []*tls.Config{
		{InsecureSkipVerify: true, NextProtos: []string{"wattle-raft/1"}},
		{InsecureSkipVerify: true, NextProtos: []string{"wattle-scheduler/1"}, Certificates: []tls.Certificate{stranger.ca}},
		{InsecureSkipVerify: true, NextProtos: []string{"wattle-raft/1"}, Certificates: []tls.Certificate{w.ca}, MaxVersion: tls.VersionTLS12},
		{InsecureSkipVerify: true, NextProtos: []string{"h2"}, Certificates: []tls.Certificate{w.ca}},
	} {
		conn, err := (&tls.Dialer{Config: c}).DialContext(t.Context(), "tcp", l.o.Advertise)
		if err != nil {
			continue
		}
		// In TLS 1.3 the other side's word comes with the first read.
		if n, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("%v: %d bytes for a stranger", c.NextProtos, n)
		}
		_ = conn.Close()
	}
	// Silent ones take no room from the members for long, and noise is nothing.
	var silent []net.Conn
	for range 80 {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.o.Advertise)
		if err != nil {
			t.Fatal(err)
		}
		silent = append(silent, c)
	}
	for i, c := range silent {
		if i%2 == 0 {
			_, _ = c.Write([]byte(strings.Repeat("noise", 100)))
		}
	}
	// Members get in beside them: one is cut off, and comes back.
	w.sever(l.o.Advertise, true)
	acknowledged(t, 0, others...)
	w.sever(l.o.Advertise, false)
	for i := range 5 {
		acknowledged(t, i, all...)
	}
	wait(t, l.Node, "to be back", has(6))
	for _, c := range silent {
		_ = c.Close()
	}
	// A leader does not take one either that is not what it should be.
	m := &member{o: w.options(t)}
	m.o.Join, m.o.Certificate, m.o.VerifyPeer = true, stranger.ca, stranger.verify
	m.start(t)
	l, _ = leader(t, all...)
	if _, err := l.Add(t.Context(), m.o.Advertise); !errors.Is(err, lattice.ErrUnavailable) {
		t.Errorf("add a stranger: %v", err)
	}
}

func TestPeersOptions(t *testing.T) {
	w := newNetwork(t)
	for name, change := range map[string]func(*raftlog.Options){
		"not among peers": func(o *raftlog.Options) { o.Peers = []string{"127.0.0.1:1"} },
		"twice":           func(o *raftlog.Options) { o.Peers = []string{o.Advertise, o.Advertise} },
		"join and peers":  func(o *raftlog.Options) { o.Peers, o.Join = []string{o.Advertise}, true },
		"no certificate":  func(o *raftlog.Options) { o.Certificate = tls.Certificate{} },
		"verifies nobody": func(o *raftlog.Options) { o.VerifyPeer = nil },
		"unspecified":     func(o *raftlog.Options) { o.Advertise = "0.0.0.0:7700" },
	} {
		o := w.options(t)
		change(&o)
		n, err := raftlog.Open(t.Context(), o)
		if !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if n != nil {
			shut(t, n)
		}
		_ = o.Listener.Close()
	}
}

// TestElectionTime measures how long nobody leads when the leader ends.
func TestElectionTime(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	w := newNetwork(t)
	all := w.cluster(t, 3)
	var times []time.Duration
	for i := range 8 {
		l, others := leader(t, all...)
		for _, m := range others {
			wait(t, m.Node, "to follow", has(uint64(i)))
		}
		began := time.Now()
		w.sever(l.o.Advertise, true)
		acknowledged(t, i, others...)
		times = append(times, time.Since(began))
		w.sever(l.o.Advertise, false)
		wait(t, l.Node, "to follow", has(uint64(i+1)))
	}
	slices.Sort(times)
	t.Logf("from the loss of a leader to the next entry: median %v, all %v", times[len(times)/2], times)
}
