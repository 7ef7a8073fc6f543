package natslattice_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// stockServer starts a server of NATS as others run it: with the accounts of a
// keyring, and what change says.
func stockServer(t testing.TB, k *trust.Keyring, change func(*server.Options)) *server.Server {
	t.Helper()
	text, err := k.ServerConfig()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o.Host, o.Port, o.StoreDir, o.NoSigs, o.NoLog = "127.0.0.1", server.RANDOM_PORT, t.TempDir(), true, true
	change(o)
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server is not ready")
	}
	return s
}

// linkCreds writes the credentials of a user of a lattice's account who may do
// anything, with which a leaf node connects, and returns the account.
func linkCreds(t testing.TB, k *trust.Keyring) (account, file string) {
	t.Helper()
	seed, err := os.ReadFile(filepath.Join(k.Dir(), "lattices", string(lattice.DefaultName), "account.nk"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := nkeys.FromSeed(bytes.TrimSpace(seed))
	if err != nil {
		t.Fatal(err)
	}
	user, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := user.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.NewUserClaims(public).Encode(signer)
	if err != nil {
		t.Fatal(err)
	}
	userSeed, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.FormatUserConfig(token, userSeed)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "leaf.creds")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	account, err = k.Account(lattice.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	return account, file
}

// as connects with the credentials of a new user of a role.
func as(t testing.TB, k *trust.Keyring, role trust.Role, urls ...string) (*natslattice.Lattice, *trust.Creds) {
	t.Helper()
	creds := trusttest.Creds(t, k, lattice.DefaultName, role)
	return connect(t, natslattice.Options{URLs: urls, Credentials: creds}), creds
}

// TestLeaf has hosts on a leaf node, where JetStream is that of the hub: what a host
// needs passes the link, calls on the leaf go on while it is cut, and afterwards all
// is as before.
func TestLeaf(t *testing.T) {
	k := trusttest.Keyring(t)
	account, file := linkCreds(t, k)
	port, _ := vacant(t)
	hub := stockServer(t, k, func(o *server.Options) {
		o.ServerName = "hub"
		o.JsAccDefaultDomain = map[string]string{account: ""}
		o.LeafNode.Host, o.LeafNode.Port, o.LeafNode.NoAdvertise = "127.0.0.1", port, true
	})
	link := newProxy(t, fmt.Sprint("127.0.0.1:", port))
	leaf := stockServer(t, k, func(o *server.Options) {
		o.ServerName = "leaf"
		o.JetStream, o.StoreDir = false, ""
		o.JsAccDefaultDomain = map[string]string{account: ""}
		o.LeafNode.ReconnectInterval = 50 * time.Millisecond
		o.LeafNode.Remotes = []*server.RemoteLeafOpts{{
			LocalAccount: account, Credentials: file, URLs: []*url.URL{{Scheme: "nats", Host: link.at}},
		}}
	})
	linked := func() bool { return leaf.NumLeafNodes() == 1 && hub.NumLeafNodes() == 1 }
	until(t, "the leaf is linked", linked)

	scheduler, _ := as(t, k, trust.RoleScheduler, hub.ClientURL())
	names := wire.Buckets{Lattice: lattice.DefaultName}
	subjects := wire.Subjects{Lattice: lattice.DefaultName}
	for _, name := range []string{names.Hosts(), names.Desired(), names.Ready()} {
		if _, err := scheduler.CreateBucket(t.Context(), lattice.BucketConfig{Name: name, MaxBytes: 1 << 20}); err != nil {
			t.Fatal(err)
		}
	}
	host, creds := as(t, k, trust.RoleHost, leaf.ClientURL())
	caller, _ := as(t, k, trust.RoleGateway, leaf.ClientURL())
	far, _ := as(t, k, trust.RoleGateway, hub.ClientURL())
	if _, err := host.Subscribe(subjects.Invoke(creds.HostID()), "", func(m *lattice.Message) {
		_ = host.Publish(&lattice.Message{Subject: m.Reply, Data: m.Data})
	}); err != nil {
		t.Fatal(err)
	}
	// A gateway asks the host and is answered where only it listens.
	call := func(from *natslattice.Lattice) error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		got := make(chan struct{}, 1)
		sub, err := from.Subscribe(subjects.Caller(from.User()), "", func(*lattice.Message) { got <- struct{}{} })
		if err != nil {
			return err
		}
		defer func() { _ = sub.Unsubscribe() }()
		if err := from.Publish(&lattice.Message{Subject: subjects.Invoke(creds.HostID()), Reply: subjects.Caller(from.User()), Data: []byte("x")}); err != nil {
			return err
		}
		select {
		case <-got:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	report := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		b, err := host.Bucket(ctx, names.Hosts())
		if err != nil {
			return err
		}
		_, err = b.Put(ctx, string(creds.HostID()), []byte("{}"))
		return err
	}
	desired, err := host.Bucket(t.Context(), names.Desired())
	if err != nil {
		t.Fatalf("a host on a leaf node opens its bucket: %v", err)
	}
	told := make(chan string, 10)
	watching, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- desired.Watch(watching, string(creds.HostID()), func(e lattice.Entry) error {
			if !e.Synced && !e.Deleted {
				told <- string(e.Value)
			}
			return nil
		})
	}()
	order := func(text string) {
		t.Helper()
		b, err := scheduler.Bucket(t.Context(), names.Desired())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Put(t.Context(), string(creds.HostID()), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	hears := func(text string) {
		t.Helper()
		select {
		case got := <-told:
			if got != text {
				t.Errorf("the host hears %q, want %q", got, text)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("the host does not hear %q", text)
		}
	}
	order("one")
	hears("one")
	if err := report(); err != nil {
		t.Errorf("a report from the leaf: %v", err)
	}
	for what, from := range map[string]*natslattice.Lattice{"on the leaf": caller, "from the hub": far} {
		if err := call(from); err != nil {
			t.Errorf("a call %s: %v", what, err)
		}
	}

	link.cut()
	until(t, "the link is cut", func() bool { return leaf.NumLeafNodes() == 0 && hub.NumLeafNodes() == 0 })
	if !host.Connected() {
		t.Error("the host has lost its connection to the leaf")
	}
	if err := call(caller); err != nil {
		t.Errorf("a call on the leaf while the link is cut: %v", err)
	}
	if err := report(); err == nil {
		t.Error("a report is kept while the link is cut")
	} else {
		t.Logf("a report while the link is cut: %v", err)
	}
	order("two")
	link.open()
	until(t, "the leaf is linked again", linked)
	hears("two")
	until(t, "reports are kept again", func() bool { return report() == nil })
	until(t, "calls come from the hub again", func() bool { return call(far) == nil })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestClusterLosesServer has buckets on three servers, of which one ends: users of
// all roles go on. When another has ended nothing is kept, and that is said.
func TestClusterLosesServer(t *testing.T) {
	k := trusttest.Keyring(t)
	var routes []*url.URL
	var ports []int
	for range 3 {
		port, at := vacant(t)
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		ports, routes = append(ports, port), append(routes, u)
	}
	var servers []*server.Server
	var urls []string
	for i := range 3 {
		servers = append(servers, stockServer(t, k, func(o *server.Options) {
			o.ServerName = fmt.Sprint("s", i)
			o.Cluster.Name, o.Cluster.Host, o.Cluster.Port = "c", "127.0.0.1", ports[i]
			o.Routes = routes
		}))
		urls = append(urls, servers[i].ClientURL())
	}
	scheduler, _ := as(t, k, trust.RoleScheduler, urls...)
	names := wire.Buckets{Lattice: lattice.DefaultName}
	for _, name := range []string{names.Hosts(), names.Desired()} {
		until(t, "there is a bucket on three servers", func() bool {
			_, err := scheduler.CreateBucket(t.Context(), lattice.BucketConfig{Name: name, MaxBytes: 1 << 20, Replicas: 3})
			return err == nil
		})
	}
	host, creds := as(t, k, trust.RoleHost, urls...)
	operator, _ := as(t, k, trust.RoleOperator, urls...)
	key := string(creds.HostID())
	reports, err := operator.Bucket(t.Context(), names.Hosts())
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan string, 10_000)
	watching, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- reports.Watch(watching, ">", func(e lattice.Entry) error {
			if !e.Synced && !e.Deleted {
				seen <- string(e.Value)
			}
			return nil
		})
	}()
	put := func(n int) error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		b, err := host.Bucket(ctx, names.Hosts())
		if err != nil {
			return err
		}
		_, err = b.Put(ctx, key, fmt.Append(nil, n))
		return err
	}
	n := 0
	write := func(count int) (worst time.Duration) {
		t.Helper()
		for range count {
			n++
			begun := time.Now()
			until(t, "a report is kept", func() bool { return put(n) == nil })
			worst = max(worst, time.Since(begun))
		}
		return worst
	}
	t.Logf("before: the longest put took %v", write(50))
	servers[0].Shutdown()
	servers[0].WaitForShutdown()
	t.Logf("without a server: the longest put took %v", write(50))
	ordered, err := scheduler.Bucket(t.Context(), names.Desired())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ordered.Put(t.Context(), key, []byte("order")); err != nil {
		t.Errorf("the scheduler without a server: %v", err)
	}
	want := fmt.Sprint(n)
	until(t, "the operator sees the last report", func() bool {
		for {
			select {
			case got := <-seen:
				if got == want {
					return true
				}
			default:
				return false
			}
		}
	})
	// Without a majority nothing is kept, and it is said.
	servers[1].Shutdown()
	servers[1].WaitForShutdown()
	n++
	if err := put(n); err == nil {
		t.Error("a report is kept on one server of three")
	} else {
		t.Logf("without a majority: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
