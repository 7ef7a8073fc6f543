package trust_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
)

const (
	ping   = "wasmbus.ctl.v1.default.host.ping"
	scaled = "wasmbus.evt.default.component_scaled"
)

// stock connects as wasmCloud's tools do: with nothing but an address and
// credentials.
func stock(t *testing.T, s *server.Server, c *trust.Creds) *nats.Conn {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.creds")
	if err := c.Write(file); err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(s.ClientURL(), nats.UserCredentials(file),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { t.Error(err) }))
	if err != nil {
		t.Fatalf("connect as %s: %v", c, err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// answers has a scheduler answer requests in the manner of wasmCloud, several times.
func answers(t *testing.T, s *server.Server, creds *trust.Creds, times int) *client {
	t.Helper()
	cl := connect(t, s, creds)
	_, err := cl.nc.QueueSubscribe("wasmbus.ctl.v1.default.>", "edge", func(m *nats.Msg) {
		for n := range times {
			if err := m.Respond(fmt.Appendf(nil, "answer %d to %s", n, m.Data)); err != nil {
				t.Error(err)
			}
		}
	})
	if err == nil {
		err = cl.nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	return cl
}

// TestWasmCloudTools has a client with default options ask, gather and listen.
func TestWasmCloudTools(t *testing.T) {
	k := trusttest.Keyring(t, lattice.DefaultName, other)
	s := startServer(t, k)
	creds := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleWasmCloud)
	nc := stock(t, s, creds)
	if _, err := nc.Request(ping, nil, 10*time.Second); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("with nobody there: %v", err)
	}
	edge := answers(t, s, trusttest.Creds(t, k, lattice.DefaultName, trust.RoleScheduler), 3)
	answers(t, s, trusttest.Creds(t, k, lattice.DefaultName, trust.RoleScheduler), 3) // in the same group

	if m, err := nc.Request(ping, []byte("one"), 10*time.Second); err != nil || string(m.Data) != "answer 0 to one" {
		t.Errorf("request: %v, %v", m, err)
	}
	inbox := nats.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"a", "b"} {
		if err := nc.PublishRequest(ping, inbox, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for range 6 {
		m, err := sub.NextMsg(10 * time.Second)
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		got = append(got, string(m.Data))
	}
	slices.Sort(got)
	want := []string{"answer 0 to a", "answer 0 to b", "answer 1 to a", "answer 1 to b", "answer 2 to a", "answer 2 to b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}

	events, err := nc.SubscribeSync("wasmbus.evt.default.>")
	if err == nil {
		err = nc.Flush()
	}
	if err == nil {
		err = edge.nc.Publish(scaled, []byte("{}"))
	}
	if err != nil {
		t.Fatal(err)
	}
	if m, err := events.NextMsg(10 * time.Second); err != nil || m.Subject != scaled {
		t.Errorf("event: %v, %v", m, err)
	}
	edge.permitted()
}

// TestWasmCloudToolsHostile has credentials for wasmCloud's tools be in the wrong
// hands.
func TestWasmCloudToolsHostile(t *testing.T) {
	c := newTown(t)
	s, b := c.subjects, c.buckets
	creds := trusttest.Creds(t, c.keys, lattice.DefaultName, trust.RoleWasmCloud)
	r := dialRaw(t, c.server, creds)
	victim := "_INBOX." + c.operator.User() + ".x"
	for _, subject := range []string{
		">", "*", "wattle.>", s.Control("host.stop"), s.Control("component.put"), s.Invoke(c.good), s.Caller(c.honest.User()), s.Events(), s.SchedulerEvent("x"),
		"wasmbus.ctl.v1.other.host.ping", "wasmbus.ctl.v1.default", "wasmbus.ctl.v2.default.host.ping", scaled, "wasmbus.evt.other.x", "wasmbus.rpc.default.x",
		"wadm.api.other.model.list", "wadm.api.default", "wadm.status.default.shop", "wadm.evt.default.manifest_published", "wadm.cmd.default", "wadm.notify.default",
		"$JS.API.INFO", "$JS.API.>", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.CREATE.x", "$JS.API.STREAM.INFO.KV_LATTICEDATA_default", "$JS.API.STREAM.INFO.KV_" + b.Desired(),
		"$JS.API.DIRECT.GET.KV_LATTICEDATA_default.$KV.LATTICEDATA_default.x", "$JS.ACK.KV_" + b.Desired() + ".c.1.1.1.1.0", "$JS.FC.x",
		"$KV.>", kv("LATTICEDATA_default", "x"), kv("CONFIGDATA_default", "x"), kv(b.Desired(), string(c.good)), "$O." + b.Artifacts() + ".C.x",
		"$SRV.PING", "$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.AUTH", "_R_.x.y", "_GR_.x", "_INBOX.x", victim, "foo",
	} {
		r.pub(subject, "", "", "{}")
		if want, refused := fmt.Sprintf("Permissions Violation for Publish to %q", subject), r.sync(); !slices.Contains(refused, want) {
			t.Errorf("publish to %q: the server says %q", subject, refused)
		}
	}
	for _, subject := range []string{
		">", "*", "*.>", "wattle.>", s.Events(), s.Log("*", "*"), "wasmbus.>", "wasmbus.ctl.v1.default.>", "wasmbus.ctl.v1.default.host.ping", "wasmbus.evt.>",
		"wadm.>", "wadm.api.default.>", "wadm.api.default.model.put", "wadm.status.>", "wadm.status.other.*", "wadm.evt.other.*",
		"wasmbus.evt.*.x", "wasmbus.evt.other.>", "$JS.>", "$JS.API.>", "$KV.>", kv("LATTICEDATA_default", ">"), "$SRV.>", "$SYS.>", "_R_.>", "_GR_.>", "_INBOX",
	} {
		for _, queue := range []string{"", "edge", "wasmbus.ctl.v1.default.edge"} {
			want := fmt.Sprintf("Permissions Violation for Subscription to %q", subject)
			if queue != "" {
				want += fmt.Sprintf(" using queue %q", queue)
			}
			r.sub(subject, queue)
			if refused := r.sync(); !slices.Contains(refused, want) {
				t.Errorf("subscribe to %q, queue %q: the server says %q", subject, queue, refused)
			}
		}
	}

	// It may listen to all inboxes, and hears those of its own account alone.
	answers(t, c.server, c.scheduler, 2)
	r.sub("_INBOX.>", "")
	r.sync()
	operator := connect(t, c.server, c.operator)
	if _, err := operator.nc.Request(ping, nil, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	scheduler := connect(t, c.server, c.scheduler)
	for _, subject := range []string{victim, "_INBOX.x"} {
		if err := scheduler.nc.Publish(subject, []byte("secret")); err != nil {
			t.Fatal(err)
		}
	}
	if err := scheduler.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	r.pub(ping, "_INBOX.own", "", "")
	for range 2 {
		if m := r.next(); m.subject != "_INBOX.own" {
			t.Errorf("hears %+v", m)
		}
	}
	if r.sync(); len(r.got) > 0 {
		t.Errorf("hears %+v", r.got)
	}

	// It names as the place for the answers one where the lattice listens: they stay
	// in its account.
	listener := dialRaw(t, c.server, c.operator)
	listener.sub("wasmbus.evt.default.>", "")
	listener.sub(c.operator.InboxPrefix()+".>", "")
	listener.sync()
	for _, reply := range []string{scaled, victim, kv(b.Desired(), string(c.good)), s.Control("host.stop"), ping} {
		r.pub(ping, reply, "", "{}")
	}
	r.pub(ping, "_INBOX.own", "", "")
	r.next()
	if err := scheduler.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if listener.sync(); len(listener.got) > 0 {
		t.Errorf("an operator hears %+v", listener.got)
	}
	if stored := c.get(t, b.Desired(), string(c.good)); stored != "" {
		t.Errorf("bucket %q has %q", b.Desired(), stored)
	}
}

// TestWasmCloudToolsReply has a tool name reply subjects that servers do not
// replace, or that are theirs.
func TestWasmCloudToolsReply(t *testing.T) {
	c := newTown(t)
	scheduler := dialRaw(t, c.server, c.scheduler)
	scheduler.sub("wasmbus.ctl.v1.default.>", "")
	scheduler.sync()
	r := dialRaw(t, c.server, trusttest.Creds(t, c.keys, lattice.DefaultName, trust.RoleWasmCloud))
	for _, reply := range []string{"_INBOX.x", "$JS.API.STREAM.INFO.KV_x", c.subjects.Control("host.stop"), "$JS.FC.x"} {
		r.pub(ping, reply, "", "{}")
		if m := scheduler.next(); !strings.HasPrefix(m.reply, "_R_.") || wire.FromJetStream(&lattice.Message{Reply: m.reply}) {
			t.Errorf("a request with reply subject %q comes with %q", reply, m.reply)
		}
	}
	if refused := r.sync(); len(refused) > 0 {
		t.Errorf("the server says %q", refused)
	}
	r.pub(ping, "_INBOX.x", "Nats-Trace-Dest: "+c.subjects.Control("host.stop"), "{}")
	if refused := r.sync(); len(refused) != 1 {
		t.Errorf("a trace is asked for, and the server says %q", refused)
	}
	for _, reply := range []string{"_R_.x.y", "$JS.ACK.KV_x.c.1.1.1.1.0"} {
		r.pub(ping, reply, "", "{}")
		want := fmt.Sprintf("Permissions Violation for Publish with Reply of %q", reply)
		if refused := r.sync(); !slices.Contains(refused, want) {
			t.Errorf("reply subject %q: the server says %q", reply, refused)
		}
	}
	if scheduler.sync(); len(scheduler.got) > 0 {
		t.Errorf("the scheduler gets %+v", scheduler.got)
	}
}

// account is a tenant that imports what it likes.
func account(t *testing.T, k *trust.Keyring, s *server.Server, change func(*jwt.AccountClaims)) nkeys.KeyPair {
	t.Helper()
	seed, err := os.ReadFile(filepath.Join(k.Dir(), "operator.nk"))
	if err != nil {
		t.Fatal(err)
	}
	operator, err := nkeys.FromSeed(bytes.TrimSpace(seed))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.NewAccountClaims(public)
	change(claims)
	token, err := claims.Encode(operator)
	if err == nil {
		err = s.AccountResolver().Store(public, token)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// TestWasmCloudActivation has an account that the operator let in import what a
// lattice exports, with no activation, with that of another account, and with one
// that its own key has signed.
func TestWasmCloudActivation(t *testing.T) {
	k := trusttest.Keyring(t, lattice.DefaultName, other)
	s := startServer(t, k)
	exporter, err := k.Account(lattice.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	tools, err := k.WasmCloudAccount(lattice.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := k.Accounts()
	if err != nil {
		t.Fatal(err)
	}
	genuine, err := jwt.DecodeAccountClaims(accounts[tools])
	if err != nil {
		t.Fatal(err)
	}
	if len(genuine.Imports) != 5 || genuine.Limits.JetStreamLimits != (jwt.JetStreamLimits{}) || len(genuine.Exports) != 0 {
		t.Fatalf("the account of wasmCloud's tools is %v", genuine)
	}
	edge := answers(t, s, trusttest.Creds(t, k, lattice.DefaultName, trust.RoleScheduler), 1)
	self, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		// connects says that the account is one at all.
		connects bool
		token    func(claims *jwt.AccountClaims, i *jwt.Import) string
	}{
		{"none", true, func(*jwt.AccountClaims, *jwt.Import) string { return "" }},
		{"of another account", false, func(_ *jwt.AccountClaims, i *jwt.Import) string { return i.Token }},
		{"by another key", true, func(claims *jwt.AccountClaims, i *jwt.Import) string {
			a := jwt.NewActivationClaims(claims.Subject)
			a.ImportSubject, a.ImportType, a.IssuerAccount = i.Subject, i.Type, exporter
			token, err := a.Encode(self)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pair := account(t, k, s, func(claims *jwt.AccountClaims) {
				for _, i := range genuine.Imports {
					claims.Imports.Add(&jwt.Import{Name: i.Name, Subject: i.Subject, Account: exporter, Type: i.Type, Token: test.token(claims, i)})
				}
			})
			f := newForger(t, k)
			r, err := tryRaw(t, s, f.jwt(pair, func(*jwt.UserClaims) {}), f.user.Sign)
			if (err == nil) != test.connects {
				t.Fatalf("connect: %v", err)
			}
			if err != nil {
				return
			}
			r.sub("wasmbus.evt.default.>", "")
			r.sub("_INBOX.>", "")
			r.sync()
			r.pub(ping, "_INBOX.own", "", "")
			if m := r.next(); !strings.Contains(m.header, "503") {
				t.Errorf("the answer is %+v", m)
			}
			if err := edge.nc.Publish(scaled, nil); err != nil {
				t.Fatal(err)
			}
			if err := edge.nc.Flush(); err != nil {
				t.Fatal(err)
			}
			if r.sync(); len(r.got) > 0 {
				t.Errorf("hears %+v", r.got)
			}
		})
	}
}

// TestWasmCloudOtherLattice has a user of the account of another lattice's tools who
// may do anything there.
func TestWasmCloudOtherLattice(t *testing.T) {
	k := trusttest.Keyring(t, lattice.DefaultName, other)
	s := startServer(t, k)
	edge := answers(t, s, trusttest.Creds(t, k, lattice.DefaultName, trust.RoleScheduler), 1)
	f := newForger(t, k)
	r, err := tryRaw(t, s, f.jwt(f.seed(other, "wasmcloud-account.nk"), func(*jwt.UserClaims) {}), f.user.Sign)
	if err != nil {
		t.Fatal(err)
	}
	r.sub("wasmbus.evt.>", "")
	r.sub("_INBOX.>", "")
	r.sync()
	r.pub(ping, "_INBOX.own", "", "")
	if m := r.next(); !strings.Contains(m.header, "503") {
		t.Errorf("the answer is %+v", m)
	}
	if err := edge.nc.Publish(scaled, nil); err != nil {
		t.Fatal(err)
	}
	if err := edge.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if r.sync(); len(r.got) > 0 {
		t.Errorf("hears %+v", r.got)
	}
	// There is no JetStream in such an account, even for who may ask.
	r.pub("$JS.API.INFO", "_INBOX.own", "", "")
	if m := r.next(); !strings.Contains(m.data, "10039") {
		t.Errorf("JetStream says %+v", m)
	}
}

// TestWasmCloudLimit connects more tools than there may be, and then a host.
func TestWasmCloudLimit(t *testing.T) {
	k := trusttest.Keyring(t)
	s := startServer(t, k)
	c := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleWasmCloud)
	for range 128 {
		dialRaw(t, s, c)
	}
	r := newRaw(t, s)
	r.hello(c.JWT, c.Key.SignNonce)
	r.send("PING\r\n")
	for line := r.line(); !strings.Contains(line, "maximum account active connections exceeded"); line = r.line() {
		if line == "PONG" {
			t.Fatal("the server takes more connections than the limit")
		}
	}
	dialRaw(t, s, trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost))
}

// TestWasmCloudUpgrade opens a keyring of a version that knew nothing of wasmCloud's
// tools.
func TestWasmCloudUpgrade(t *testing.T) {
	k := trusttest.Keyring(t)
	host := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost)
	dir := filepath.Join(k.Dir(), "lattices", "default")
	for _, name := range []string{"wasmcloud.nk", "wasmcloud-account.nk", "wasmcloud-account.jwt"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "account.jwt"), []byte("of before"), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := trust.Open(k.Dir())
	if err != nil {
		t.Fatal(err)
	}
	s := startServer(t, k)
	dialRaw(t, s, host)
	answers(t, s, trusttest.Creds(t, k, lattice.DefaultName, trust.RoleScheduler), 1)
	nc := stock(t, s, trusttest.Creds(t, k, lattice.DefaultName, trust.RoleWasmCloud))
	if _, err := nc.Request(ping, nil, 10*time.Second); err != nil {
		t.Error(err)
	}
}

// TestKeyringLater opens a keyring when its JWTs would have another time in them.
func TestKeyringLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := trusttest.Keyring(t)
		before := files(t, k.Dir())
		time.Sleep(time.Hour)
		if _, err := trust.Open(k.Dir()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, files(t, k.Dir())); diff != "" {
			t.Errorf("opening a keyring changes it: %s", diff)
		}
	})
}
