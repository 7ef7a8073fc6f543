package trust_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// forge has JetStream publish bytes of a host's choice to a subject of its choice:
// it keeps them under a key of the host's own and asks for the answer there.
func (c *town) forge(t *testing.T, subject, header, data string) {
	t.Helper()
	b := c.buckets.Ready()
	own := kv(b, wire.ReadyKey(c.evil, "forged"))
	r := dialRaw(t, c.server, c.hostile)
	inbox := c.hostile.InboxPrefix() + ".forge"
	r.sub(inbox, "")
	r.pub(own, inbox, header, data)
	if m := r.next(); !strings.Contains(m.data, `"seq":`) || strings.Contains(m.data, `"error"`) {
		t.Fatalf("keep the bytes: %+v", m)
	}
	r.pub("$JS.API.DIRECT.GET.KV_"+b+"."+own, subject, "", "")
	// What comes after this comes after that.
	r.pub("$JS.API.DIRECT.GET.KV_"+b+"."+own, inbox, "", "")
	r.next()
	if refused := r.sync(); len(refused) > 0 {
		t.Fatalf("a NATS server that refuses this has changed: say so in SECURITY.md: %q", refused)
	}
}

// arrived waits until a bucket has what was forged: the server that answers does not
// wait for the stream that takes the answer in.
func (c *town) arrived(t *testing.T, bucket, key, data string) string {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		stored := c.get(t, bucket, key)
		if stored == data {
			return stored
		}
		if time.Now().After(deadline) {
			t.Fatalf("the bucket has %q: forging has become harder, say so in SECURITY.md", stored)
		}
	}
}

// TestForgedDocuments has a host put documents under keys that are not its own. NATS
// cannot prevent it; nobody believes them.
func TestForgedDocuments(t *testing.T) {
	c := newTown(t)
	l, b := lattice.DefaultName, c.buckets
	v := trusttest.Verifier(t, c.keys, l)
	sign := func(creds *trust.Creds, bucket, key, value string) string {
		t.Helper()
		signed, err := trust.NewHostSigner(creds.Key).Sign(bucket, key, []byte(value))
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	byScheduler := func(creds *trust.Creds, bucket, key, value string) string {
		t.Helper()
		signed, err := trusttest.Signer(t, creds).Sign(bucket, key, []byte(value))
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	foreign := trusttest.Creds(t, c.keys, other, trust.RoleScheduler)
	good, evil := string(c.good), string(c.evil)
	for _, test := range []struct{ name, bucket, key, data string }{
		{"without a signature", b.Desired(), good, `{"lattice":"default"}`},
		{"a host as scheduler", b.Desired(), good, sign(c.hostile, b.Desired(), good, `{}`)},
		{"for itself", b.Desired(), evil, sign(c.hostile, b.Desired(), evil, `{}`)},
		{"what was meant for another host", b.Desired(), good, byScheduler(c.scheduler, b.Desired(), evil, `{}`)},
		{"what was meant for another bucket", b.Desired(), good, byScheduler(c.scheduler, b.Config(), good, `{}`)},
		{"the scheduler of another lattice", b.Desired(), good, byScheduler(foreign, b.Desired(), good, `{}`)},
		{"an assignment", b.Components(), "cart", sign(c.hostile, b.Components(), "cart", `{}`)},
		{"a link", b.Links(), "a.b.c.d", sign(c.hostile, b.Links(), "a.b.c.d", `{}`)},
		{"a configuration", b.Config(), "c", sign(c.hostile, b.Config(), "c", `{}`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.forge(t, kv(test.bucket, test.key), "", test.data)
			stored := c.arrived(t, test.bucket, test.key, test.data)
			if value, err := v.Scheduler(test.bucket, test.key, []byte(stored)); err == nil {
				t.Errorf("believed: %s", value)
			}
		})
	}
	for _, test := range []struct{ name, bucket, key, data string }{
		{"the report of another host", b.Hosts(), good, sign(c.hostile, b.Hosts(), good, `{}`)},
		{"its own report as that of another host", b.Hosts(), good, sign(c.hostile, b.Hosts(), evil, `{}`)},
		{"a signature under another name", b.Hosts(), good, strings.Replace(sign(c.hostile, b.Hosts(), good, `{}`), evil, good, 1)},
		{"another host is ready", b.Ready(), wire.ReadyKey(c.good, "cart"), sign(c.hostile, b.Ready(), wire.ReadyKey(c.good, "cart"), `{}`)},
		{"ready for another component", b.Ready(), wire.ReadyKey(c.good, "cart"), sign(c.honest, b.Ready(), wire.ReadyKey(c.good, "shop"), `{}`)},
		{"the scheduler as a host", b.Hosts(), good, byScheduler(c.scheduler, b.Hosts(), good, `{}`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.forge(t, kv(test.bucket, test.key), "", test.data)
			stored := c.arrived(t, test.bucket, test.key, test.data)
			if value, err := v.Host(c.good, test.bucket, test.key, []byte(stored)); err == nil {
				t.Errorf("believed: %s", value)
			}
		})
	}
}

// TestRollUp puts a message with a roll-up, which would empty the whole bucket, into
// each, as somebody who may write there. If a bucket took it, a host could keep one
// under a key of its own and have JetStream put it anywhere.
func TestRollUp(t *testing.T) {
	c := newTown(t)
	b := c.buckets
	for subject, who := range map[string]*trust.Creds{
		kv(b.Desired(), string(c.good)):                   c.scheduler,
		kv(b.Components(), "cart"):                        c.scheduler,
		kv(b.Links(), "a.b.c.d"):                          c.scheduler,
		kv(b.Config(), "c"):                               c.scheduler,
		kv(b.Scheduler(), "s"):                            c.scheduler,
		"$O." + b.Artifacts() + ".M.digest":               c.operator,
		"$O." + b.Artifacts() + ".C.digest":               c.operator,
		kv(b.Hosts(), string(c.evil)):                     c.hostile,
		kv(b.Ready(), wire.ReadyKey(c.evil, "cart")):      c.hostile,
		c.subjects.HostEvent(c.evil, "component.started"): c.hostile,
	} {
		r := dialRaw(t, c.server, who)
		inbox := who.InboxPrefix() + ".x"
		r.sub(inbox, "")
		for _, what := range []string{"all", "sub"} {
			r.pub(subject, inbox, "Nats-Rollup: "+what, "{}")
			if m := r.next(); !strings.Contains(m.data, "rollup not permitted") {
				t.Errorf("roll-up of %s to %q: %s", what, subject, m.data)
			}
		}
	}
}

// TestForgedCommands has a host put bytes of its choice on subjects of commands,
// in each way that NATS has for it. All of them can be told from a command: an
// operator's asks for an answer on a subject of its own.
func TestForgedCommands(t *testing.T) {
	c := newTown(t)
	command := c.subjects.Control("host.stop")
	const evil = `{"host":"all"}`
	// A consumer delivers where somebody listens to the very subject.
	scheduler := dialRaw(t, c.server, c.scheduler)
	scheduler.sub(command, "")
	scheduler.sync()
	genuine := func(m message) bool {
		header := lattice.Header{}
		for line := range strings.Lines(m.header) {
			if key, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
				header[key] = append(header[key], value)
			}
		}
		return m.reply != "" && !wire.FromJetStream(&lattice.Message{Reply: m.reply, Header: header})
	}
	r := dialRaw(t, c.server, c.hostile)
	b := c.buckets.Ready()
	own := kv(b, wire.ReadyKey(c.evil, "forged"))
	inbox := c.hostile.InboxPrefix() + ".x"
	r.sub(inbox, "")
	r.pub(own, inbox, "Reply: _INBOX.x", evil)
	r.next()

	for _, test := range []struct {
		name string
		do   func()
	}{
		{"the answer to a get", func() { r.pub("$JS.API.DIRECT.GET.KV_"+b+"."+own, command, "", "") }},
		{"the answer to a put", func() { r.pub(own, command, "", evil) }},
		{"the answer about a stream", func() { r.pub("$JS.API.STREAM.INFO.KV_"+b, command, "", "") }},
		{"the answer to a faulty request", func() { r.pub("$JS.API.CONSUMER.CREATE.KV_"+b+".c."+own, command, "", evil) }},
		{"a consumer", func() {
			r.pub("$JS.API.CONSUMER.CREATE.KV_"+b+".c1."+own, inbox, "", consumer("KV_"+b, map[string]any{
				"name": "c1", "filter_subject": own, "deliver_subject": command, "ack_policy": "none",
			}))
			if m := r.next(); !strings.Contains(m.data, `"created"`) {
				t.Fatal(m)
			}
		}},
		{"heartbeats of a consumer", func() {
			r.pub("$JS.API.CONSUMER.CREATE.KV_"+b+".c2."+own, inbox, "", consumer("KV_"+b, map[string]any{
				"name": "c2", "filter_subject": own, "deliver_subject": command, "ack_policy": "none", "deliver_policy": "new",
				"idle_heartbeat": 100_000_000, "flow_control": true,
			}))
			if m := r.next(); !strings.Contains(m.data, `"created"`) {
				t.Fatal(m)
			}
		}},
	} {
		test.do()
		if m := scheduler.next(); genuine(m) {
			t.Errorf("%s: %+v counts as a command", test.name, m)
		}
	}

	// The very thing does count.
	operator := dialRaw(t, c.server, c.operator)
	operator.pub(command, c.operator.InboxPrefix()+".x", "", evil)
	for {
		m := scheduler.next()
		if m.reply == c.operator.InboxPrefix()+".x" {
			if !genuine(m) {
				t.Errorf("%+v does not count as a command", m)
			}
			return
		}
		if genuine(m) {
			t.Errorf("%+v counts as a command", m)
		}
	}
}

// TestAsksItself has a host ask itself and name, for the answer, a subject to which
// it may not publish. With allow_responses it would then be allowed to.
func TestAsksItself(t *testing.T) {
	c := newTown(t)
	r := dialRaw(t, c.server, c.hostile)
	r.sub(c.subjects.Invoke(c.evil), "")
	r.sub(c.subjects.Caller(c.hostile.User()), "")
	targets := []string{c.subjects.Control("host.stop"), kv(c.buckets.Desired(), string(c.good)), c.subjects.HostEvent(c.good, "x")}
	for _, target := range targets {
		for _, own := range []string{c.subjects.Invoke(c.evil), c.subjects.Caller(c.hostile.User())} {
			r.pub(own, target, "", "x")
			if m := r.next(); m.reply != target {
				t.Fatalf("%+v", m)
			}
			r.pub(target, c.hostile.InboxPrefix()+".x", "", "{}")
			if refused := r.sync(); len(refused) != 1 {
				t.Errorf("after a request to %q, publishing to %q: the server says %q", own, target, refused)
			}
		}
	}
}

// TestTrace has a host ask for traces of its messages where it may not publish.
func TestTrace(t *testing.T) {
	c := newTown(t)
	r := dialRaw(t, c.server, c.hostile)
	r.pub(kv(c.buckets.Hosts(), string(c.evil)), "", "Nats-Trace-Dest: "+c.subjects.Control("host.stop"), "{}")
	if refused := r.sync(); len(refused) != 1 {
		t.Errorf("the server says %q", refused)
	}
}

// TestOtherLattice has a host put bytes on the subjects of another lattice.
func TestOtherLattice(t *testing.T) {
	c := newTown(t)
	theirs := wire.Buckets{Lattice: other}
	command, key := wire.Subjects{Lattice: other}.Control("host.stop"), kv(theirs.Desired(), "x")
	foreign := dialRaw(t, c.server, trusttest.Creds(t, c.keys, other, trust.RoleScheduler))
	foreign.sub(command, "")
	foreign.sync()
	c.forge(t, command, "", "{}")
	c.forge(t, key, "", "{}")
	viewer := trusttest.Creds(t, c.keys, other, trust.RoleViewer)
	r := dialRaw(t, c.server, viewer)
	r.sub(viewer.InboxPrefix()+".x", "")
	r.pub("$JS.API.DIRECT.GET.KV_"+theirs.Desired()+"."+key, viewer.InboxPrefix()+".x", "", "")
	if m := r.next(); !strings.Contains(m.header, "404") {
		t.Errorf("the other lattice has %+v", m)
	}
	if foreign.sync(); len(foreign.got) > 0 {
		t.Errorf("the other lattice hears %+v", foreign.got)
	}
}
