package natsserver_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
)

const token = "token of the tests"

func start(t testing.TB, o natsserver.Options) *natsserver.Server {
	t.Helper()
	s, err := natsserver.Start(t.Context(), withDefaults(t, o))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func withDefaults(t testing.TB, o natsserver.Options) natsserver.Options {
	t.Helper()
	if o.StoreDir == "" {
		o.StoreDir = t.TempDir()
	}
	if o.Operator == "" {
		o.Token = token
	}
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	return o
}

func stop(t testing.TB, s *natsserver.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// bucket connects to a server and opens a bucket.
func bucket(t testing.TB, s *natsserver.Server) nats.KeyValue {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.Token(token))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.KeyValue("b")
	if errors.Is(err, nats.ErrBucketNotFound) {
		kv, err = js.CreateKeyValue(&nats.KeyValueConfig{Bucket: "b"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

// wantStartError fails unless a server does not start, with an error of a kind
// that says all of the texts.
func wantStartError(t *testing.T, o natsserver.Options, kind error, texts ...string) {
	t.Helper()
	s, err := natsserver.Start(t.Context(), withDefaults(t, o))
	if err == nil {
		stop(t, s)
		t.Fatalf("it started, want %v", kind)
	}
	if !errors.Is(err, kind) {
		t.Errorf("error %q, want %v", err, kind)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

func TestOptions(t *testing.T) {
	k := trusttest.Keyring(t)
	operator, err := k.OperatorJWT()
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := k.Accounts()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for what, o := range map[string]natsserver.Options{
		"no directory":          {Token: token},
		"nobody to let in":      {StoreDir: dir},
		"two ways in":           {StoreDir: dir, Token: token, Operator: operator, Accounts: accounts, SystemAccount: k.SystemAccount()},
		"no system account":     {StoreDir: dir, Operator: operator, Accounts: accounts},
		"not an operator":       {StoreDir: dir, Operator: "x", Accounts: accounts, SystemAccount: k.SystemAccount()},
		"account of another":    {StoreDir: dir, Operator: operator, Accounts: map[string]string{k.SystemAccount(): accounts[k.SystemAccount()], "A": accounts[k.SystemAccount()]}, SystemAccount: k.SystemAccount()},
		"negative bound":        {StoreDir: dir, Token: token, MaxStore: -1},
		"large messages":        {StoreDir: dir, Token: token, MaxPayload: 9 << 20},
		"port":                  {StoreDir: dir, Token: token, Port: 65536},
		"cluster without names": {StoreDir: dir, Token: token, Cluster: &natsserver.Cluster{}},
		"route":                 {StoreDir: dir, Token: token, Name: "a", Cluster: &natsserver.Cluster{Name: "c", Routes: []string{"::"}}},
		"certificate":           {StoreDir: dir, Token: token, TLS: &natsserver.TLS{Cert: "none", Key: "none"}},
	} {
		s, err := natsserver.Start(t.Context(), o)
		if err == nil {
			stop(t, s)
		}
		if !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", what, err)
		}
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	wantStartError(t, natsserver.Options{Port: l.Addr().(*net.TCPAddr).Port}, lattice.ErrUnavailable, l.Addr().String(), "another port")
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	first := start(t, natsserver.Options{StoreDir: dir, Port: -1})
	wantStartError(t, natsserver.Options{StoreDir: dir, Port: -1}, lattice.ErrConflict, fmt.Sprintf("process %d", os.Getpid()), dir)
	if err := first.Healthy(); err != nil {
		t.Error(err)
	}
	stop(t, first)
	if err := first.Healthy(); !errors.Is(err, lattice.ErrUnavailable) {
		t.Errorf("Healthy after Shutdown: %v", err)
	}
	start(t, natsserver.Options{StoreDir: dir, Port: -1})
}

func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantStartError(t, natsserver.Options{StoreDir: file, Port: -1}, lattice.ErrUnavailable, "not a directory")
	if os.Geteuid() == 0 {
		t.Log("the superuser may write anywhere: a read-only directory is tried in TestDisk")
		return
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	wantStartError(t, natsserver.Options{StoreDir: dir, Port: -1}, lattice.ErrDenied, "may not write")
}

// TestDamaged has a stream's description be damaged: the server would start
// without the stream.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	s := start(t, natsserver.Options{StoreDir: dir, Port: -1})
	if _, err := bucket(t, s).PutString("k", "v"); err != nil {
		t.Fatal(err)
	}
	stop(t, s)
	files, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "KV_b", "meta.inf"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.Clone(string(text))
	text[len(text)/2] ^= 1
	if err := os.WriteFile(files[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	wantStartError(t, natsserver.Options{StoreDir: dir, Port: -1}, lattice.ErrInternal, dir, "damaged", "KV_b")
	if err := os.WriteFile(files[0], []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	again := start(t, natsserver.Options{StoreDir: dir, Port: -1})
	if e, err := bucket(t, again).Get("k"); err != nil || string(e.Value()) != "v" {
		t.Errorf("Get after the repair: %v, %v", e, err)
	}
}

// TestListens is that nothing listens but what was asked for, that nobody gets in
// without the token, and that no goroutine is left.
func TestListens(t *testing.T) {
	start(t, natsserver.Options{Port: -1}) // what runs once for all servers
	before := listening(t)
	goroutines := runtime.NumGoroutine()
	inside := start(t, natsserver.Options{Port: -1})
	if inside.ClientURL() != "" {
		t.Errorf("ClientURL() = %q of a server that does not listen", inside.ClientURL())
	}
	if now := listening(t); now != before {
		t.Errorf("%d sockets listen, %d did before", now, before)
	}
	outside := start(t, natsserver.Options{})
	if now := listening(t); now != before+1 {
		t.Errorf("%d sockets listen, want one more than %d", now, before)
	}
	if !strings.HasPrefix(outside.ClientURL(), "nats://127.0.0.1:") {
		t.Errorf("ClientURL() = %q", outside.ClientURL())
	}
	if nc, err := nats.Connect(outside.ClientURL()); err == nil {
		nc.Close()
		t.Error("connected without a token")
	}
	stop(t, inside)
	stop(t, outside)
	until(t, "the goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
	if now := listening(t); now != before {
		t.Errorf("%d sockets listen after Shutdown, %d did before", now, before)
	}
}

// listening counts the TCP sockets of this process that listen.
func listening(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("sockets are counted on Linux")
	}
	sockets := map[string]bool{}
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil {
			sockets[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
		}
	}
	n := 0
	for _, file := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 9 && f[3] == "0A" && sockets[f[9]] {
				n++
			}
		}
	}
	return n
}

// until waits for something that must happen.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !f() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("it did not happen that %s", what)
		}
	}
}

// TestCluster has three servers be one, and go one after the other.
func TestCluster(t *testing.T) {
	var routes []string
	var ports []int
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
		routes = append(routes, "nats://"+l.Addr().String())
		_ = l.Close()
	}
	var servers []*natsserver.Server
	for i, port := range ports {
		servers = append(servers, start(t, natsserver.Options{
			Name:    fmt.Sprint("s", i),
			Cluster: &natsserver.Cluster{Name: "c", Port: port, Routes: routes},
		}))
		if servers[i].ClusterAddr() != strings.TrimPrefix(routes[i], "nats://") {
			t.Errorf("ClusterAddr() = %q, want %s", servers[i].ClusterAddr(), routes[i])
		}
	}
	nc, err := nats.Connect(servers[2].ClientURL(), nats.Token(token))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	until(t, "the servers have found each other", func() bool { return len(nc.DiscoveredServers()) == 2 })
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	var kv nats.KeyValue
	until(t, "there is a bucket on three servers", func() bool {
		kv, err = js.CreateKeyValue(&nats.KeyValueConfig{Bucket: "b", Replicas: 3})
		return err == nil
	})
	if _, err := kv.PutString("k", "v"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := servers[2].LameDuck(ctx); err != nil {
		t.Error(err)
	}
	until(t, "the value is still there", func() bool {
		e, err := kv.Get("k")
		return err == nil && string(e.Value()) == "v"
	})
}

// value is what is written for a number.
func value(n uint64) []byte { return binary.BigEndian.AppendUint64(make([]byte, 200), n) }

func BenchmarkStart(b *testing.B) {
	var before, after runtime.MemStats
	dir := b.TempDir()
	for b.Loop() {
		runtime.ReadMemStats(&before)
		s, err := natsserver.Start(b.Context(), natsserver.Options{StoreDir: dir, Token: token})
		if err != nil {
			b.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		b.StopTimer()
		stop(b, s)
		b.StartTimer()
	}
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/(1<<20), "MiB-allocated")
}
