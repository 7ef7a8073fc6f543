package trust_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
)

const other lattice.Name = "other"

// town is a lattice with a host that has been taken over, one that has not, a
// scheduler and an operator, and beside it another lattice.
type town struct {
	keys     *trust.Keyring
	server   *server.Server
	subjects wire.Subjects
	buckets  wire.Buckets

	scheduler, hostile, honest, gateway, operator, viewer *trust.Creds
	// evil and good are the IDs of the hosts.
	evil, good lattice.HostID
}

func newTown(t *testing.T) *town {
	t.Helper()
	l := lattice.DefaultName
	c := &town{keys: trusttest.Keyring(t, l, other), subjects: wire.Subjects{Lattice: l}, buckets: wire.Buckets{Lattice: l}}
	c.server = startServer(t, c.keys)
	for _, u := range []struct {
		creds **trust.Creds
		role  trust.Role
	}{
		{&c.scheduler, trust.RoleScheduler},
		{&c.hostile, trust.RoleHost},
		{&c.honest, trust.RoleHost},
		{&c.gateway, trust.RoleGateway},
		{&c.operator, trust.RoleOperator},
		{&c.viewer, trust.RoleViewer},
	} {
		*u.creds = trusttest.Creds(t, c.keys, l, u.role)
	}
	c.evil, c.good = c.hostile.HostID(), c.honest.HostID()
	for _, name := range []lattice.Name{l, other} {
		found(t, join(t, c.server, trusttest.Creds(t, c.keys, name, trust.RoleScheduler)), name)
	}
	return c
}

func kv(bucket, key string) string { return "$KV." + bucket + "." + key }

// put writes a document as whom it belongs to.
func (c *town) put(t *testing.T, creds *trust.Creds, bucket, key, value string) {
	t.Helper()
	signed, err := trusttest.Signer(t, creds).Sign(bucket, key, []byte(value))
	if err != nil {
		t.Fatal(err)
	}
	c.store(t, creds, kv(bucket, key), string(signed))
}

// store publishes to a stream and waits for the answer.
func (c *town) store(t *testing.T, creds *trust.Creds, subject, data string) {
	t.Helper()
	r := dialRaw(t, c.server, creds)
	inbox := creds.InboxPrefix() + ".stored"
	r.sub(inbox, "")
	r.pub(subject, inbox, "", data)
	if m := r.next(); !strings.Contains(m.data, `"seq":`) || strings.Contains(m.data, `"error"`) {
		t.Fatalf("%s: %+v", subject, m)
	}
}

// get reads a document as an operator.
func (c *town) get(t *testing.T, bucket, key string) string {
	t.Helper()
	r := dialRaw(t, c.server, c.operator)
	inbox := c.operator.InboxPrefix() + ".get"
	r.sub(inbox, "")
	r.pub("$JS.API.DIRECT.GET.KV_"+bucket+"."+kv(bucket, key), inbox, "", "")
	return r.next().data
}

// consumer is a request to make a consumer.
func consumer(stream string, config map[string]any) string {
	b, err := json.Marshal(map[string]any{"stream_name": stream, "config": config})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestHostilePublish has each role publish to what is not its own.
func TestHostilePublish(t *testing.T) {
	c := newTown(t)
	s, b := c.subjects, c.buckets
	otherS, otherB := wire.Subjects{Lattice: other}, wire.Buckets{Lattice: other}
	desired, component := "KV_"+b.Desired(), lattice.ComponentID("cart")
	buckets := []string{b.Desired(), b.Components(), b.Hosts(), b.Ready(), b.Links(), b.Config(), b.Scheduler()}

	// What nobody but the scheduler may do.
	orders := []string{
		kv(b.Desired(), string(c.evil)), kv(b.Desired(), string(c.good)), kv(b.Desired(), "x.y"),
		kv(b.Components(), "cart"), kv(b.Links(), "a.b.c.d"), kv(b.Config(), "c"), kv(b.Scheduler(), wire.SchedulerLeader), kv("wattle_default_x", "c"),
		s.SchedulerEvent("component.scaled"),
		"wasmbus.evt.default.component_scaled", "wadm.status.default.shop", "$KV.LATTICEDATA_default.x", "$KV.CONFIGDATA_default.x",
	}
	for _, bucket := range buckets {
		for _, verb := range []string{"CREATE", "UPDATE"} {
			orders = append(orders, "$JS.API.STREAM."+verb+".KV_"+bucket)
		}
	}
	orders = append(orders, "$JS.API.STREAM.CREATE.mine", "$JS.API.STREAM.CREATE.OBJ_"+b.Artifacts(), "$JS.API.STREAM.UPDATE."+b.Events())

	// What nobody at all may do.
	never := []string{
		// Other lattices: the subjects are the same in every account, and so must
		// not even be tried.
		kv(otherB.Desired(), string(c.evil)), otherS.Invoke(c.good), otherS.Control("component.put"), otherS.Events(),
		"$JS.API.STREAM.DELETE." + desired, "$JS.API.STREAM.PURGE." + desired, "$JS.API.STREAM.MSG.DELETE." + desired,
		"$JS.API.STREAM.MSG.GET." + desired, "$JS.API.STREAM.SNAPSHOT." + desired, "$JS.API.STREAM.RESTORE." + desired,
		"$JS.API.STREAM.LEADER.STEPDOWN." + desired, "$JS.API.STREAM.PEER.REMOVE." + desired,
		"$JS.API.CONSUMER.DELETE.KV_wattle_default_x.c", "$JS.API.STREAM.DELETE.KV_" + b.Scheduler(), "$JS.API.CONSUMER.NAMES." + desired, "$JS.API.CONSUMER.LIST." + desired,
		"$JS.API.CONSUMER.INFO." + desired + ".c", "$JS.API.CONSUMER.PAUSE." + desired + ".c", "$JS.API.CONSUMER.RESET." + desired + ".c",
		"$JS.API.CONSUMER.DURABLE.CREATE." + desired + ".c",
		"$JS.API.META.LEADER.STEPDOWN", "$JS.API.ACCOUNT.PURGE.x", "$JS.API.SERVER.REMOVE",
		"$JS.ACK." + desired + ".c.1.1.1.1.1",
		"$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.AUTH",
		"$G.x", "$KV.x.y", "$O.x.C.y", "$MQTT.x", "_R_.x", "_GR_.x", "foo", "wattle.default", "wattle.default.x", "wattle",
	}
	notHosts := slices.Concat(never, orders, []string{
		// Documents, events, logs and endpoints of another host.
		kv(b.Hosts(), string(c.good)), kv(b.Ready(), wire.ReadyKey(c.good, component)), kv(b.Ready(), string(c.evil)),
		kv(b.Ready(), wire.ReadyKey(c.evil, component)+".x"), kv(b.Hosts(), string(c.evil)+".x"), kv(b.Hosts(), "*"), kv(b.Hosts(), ">"),
		s.HostEvent(c.good, "host.stopped"), s.Log(c.good, component), s.Endpoint(c.good, "report"), s.Endpoint(c.evil, "report"),
		// Secrets for another host, and what is for operators to say of them.
		s.Secrets(c.good), "wattle.default.secrets", "wattle.default.secrets.>", s.Secrets(c.evil) + ".x", s.Control("secret.put"), s.Control("secret.key"), s.Control("secret.list"),
		// Commands, in both forms.
		s.Control("component.put"), s.Control("host.drain"), s.Control("app.list"), s.Control("app.deploy"), s.Control("scheduler.export"), "wasmbus.ctl.v1.default.component.scale." + string(c.good), "wadm.api.default.model.list", "wadm.api.default.model.put",
		"$SRV.PING", "$SRV.INFO.wattle-host", "$SRV.STATS.wattle-host." + string(c.good),
		s.SchedulerEndpoint("x", "state"),
		// What another host ought to run, and how the lattice is wired.
		"$JS.API.DIRECT.GET." + desired + "." + kv(b.Desired(), string(c.good)),
		"$JS.API.DIRECT.GET." + desired + "." + kv(b.Desired(), ">"),
		"$JS.API.DIRECT.GET." + desired,
		"$JS.API.CONSUMER.CREATE." + desired + ".c." + kv(b.Desired(), string(c.good)),
		"$JS.API.CONSUMER.CREATE." + desired + ".c." + kv(b.Desired(), ">"),
		"$JS.API.CONSUMER.CREATE." + desired + ".c." + kv(b.Desired(), "*"),
		"$JS.API.CONSUMER.CREATE." + desired + ".c",
		"$JS.API.CONSUMER.CREATE." + desired,
		"$JS.API.CONSUMER.MSG.NEXT." + desired + ".c",
		"$JS.API.CONSUMER.DELETE." + desired + ".c", "$JS.API.CONSUMER.DELETE.KV_" + b.Ready() + ".c",
		"$JS.API.DIRECT.GET.KV_" + b.Config() + "." + kv(b.Config(), "c"),
		"$JS.API.DIRECT.GET.KV_" + b.Links() + "." + kv(b.Links(), "l"),
		"$JS.API.STREAM.INFO.KV_" + b.Config(), "$JS.API.STREAM.INFO.KV_wattle_default_x", "$JS.API.STREAM.INFO." + b.Events(),
		"$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST",
		"$JS.API.CONSUMER.CREATE." + b.Events() + ".c." + s.Events(),
		// Components' binaries.
		"$O." + b.Artifacts() + ".C.x", "$O." + b.Artifacts() + ".M.x", "$JS.API.STREAM.PURGE.OBJ_" + b.Artifacts(),
	})
	// Documents of a host, and what it asks in its own name.
	documents := []string{kv(b.Hosts(), string(c.good)), kv(b.Ready(), wire.ReadyKey(c.good, component)), s.Secrets(c.good)}
	stored := []string{kv(b.KeyValue(), "a.b"), kv(b.Blobs(), "a.b"), s.Message("orders")}
	calls := []string{s.Invoke(c.good), s.Caller(c.honest.User()), "_INBOX." + c.honest.User() + ".x"}
	artifacts := []string{"$O." + b.Artifacts() + ".C.x", "$O." + b.Artifacts() + ".M.x", "$JS.API.STREAM.PURGE.OBJ_" + b.Artifacts()}

	for _, test := range []struct {
		who      *trust.Creds
		subjects []string
	}{
		{c.hostile, notHosts},
		{c.scheduler, slices.Concat(never, documents, stored, []string{s.Invoke(c.good), s.HostEvent(c.good, "x"), s.Log(c.good, component), s.Caller(c.honest.User())})},
		{c.gateway, slices.Concat(never, orders, documents, artifacts, stored, []string{
			s.Control("x"), "$SRV.PING", s.SchedulerEndpoint("x", "state"), s.Caller(c.honest.User()), "$JS.API.CONSUMER.DELETE.KV_" + b.Ready() + ".c", "_INBOX." + c.honest.User() + ".x", "$JS.API.STREAM.INFO." + desired,
			"$JS.API.DIRECT.GET." + desired + "." + kv(b.Desired(), string(c.good)), "wasmbus.ctl.v1.default.host.ping",
		})},
		{c.operator, slices.Concat(never, orders, documents, []string{s.HostEvent(c.good, "x"), s.Log(c.good, component), s.Caller(c.honest.User()), "_INBOX." + c.honest.User() + ".x"})},
		{c.viewer, slices.Concat(never, orders, documents, artifacts, calls, stored, []string{
			s.Control("secret.put"), s.Control("secret.delete"), s.Control("secret.key"), s.Control("secret.list"), s.Control("secret.history"),
			s.Control("x"), s.Control("app.put"), s.Control("app.deploy"), s.Control("app.rollback"), s.Control("app.promote"), s.Control("app.scale"),
			s.Control("app.undeploy"), s.Control("app.delete"), s.Control("app.>"), s.Control("app.list.x"),
			s.Control("scheduler.add"), s.Control("scheduler.remove"), s.Control("scheduler.snapshot"), s.Control("scheduler.export"),
			"wasmbus.ctl.v1.default.host.stop.x", "wadm.api.default.model.put",
		})},
	} {
		t.Run(string(test.who.Role), func(t *testing.T) {
			r := dialRaw(t, c.server, test.who)
			for _, subject := range test.subjects {
				r.pub(subject, "", "", "{}")
				want := fmt.Sprintf("Permissions Violation for Publish to %q", subject)
				if refused := r.sync(); !slices.Contains(refused, want) {
					t.Errorf("publish to %q: the server says %q", subject, refused)
				}
			}
		})
	}
}

// TestHostileSubscribe has each role listen where it has no business.
func TestHostileSubscribe(t *testing.T) {
	c := newTown(t)
	s := c.subjects
	never := []string{
		">", "*", "*.>", "*.*", "*.*.>", "*.*.host.*.invoke", "wattle.>", "wattle.*.>", "wattle.default.>", "wattle.default.*.*", "wattle.*.host.*.invoke",
		"wattle.default.host.>", "wattle.default.host.*.>", s.Invoke("*"), s.Invoke(c.good), s.Endpoint(c.good, "*"), "wattle.default.caller.>", s.Caller("*"),
		s.Caller(c.honest.User()), s.Replies(c.honest.User()), "wattle.other.>",
		"$KV.>", "$KV.*.>", "$KV.*.*", kv(c.buckets.Desired(), ">"), kv(c.buckets.Desired(), string(c.good)), "$O.>", "$JS.>", "$JS.API.>",
		"$JS.API.STREAM.CREATE.*", "$JS.ACK.>", "$JS.FC.>", "$JS.EVENT.>", "$JS.EVENT.ADVISORY.>",
		"_INBOX.>", "_INBOX.*", "_INBOX.*.>", "_INBOX.*.*", "_INBOX.*.*.*", "_INBOX." + c.honest.User() + ".>", "_INBOX." + c.honest.User() + ".a",
		"_INBOX", "_R_.>", "$SYS.>", "$SYS.ACCOUNT.>", "$SYS.ACCOUNT.*.CONNECT", "$MQTT.>", "$G.>",
		"$SRV.>", "$SRV.*", "$SRV.PING.*", "$SRV.PING.wattle-host." + string(c.good), "$SRV.INFO.wattle-host." + string(c.good),
		"$SRV.STATS.wattle-host.*", "foo",
	}
	commands := []string{s.Control(">"), s.Control("component.put"), "wasmbus.ctl.v1.default.>", "wasmbus.>", "wadm.api.default.>"}
	seen := []string{s.Events(), s.HostEvent(c.good, ">"), s.SchedulerEvent(">"), s.Log("*", "*"), s.Log(c.good, "cart"), "wasmbus.evt.default.>"}
	services := []string{"$SRV.PING", "$SRV.INFO", "$SRV.STATS.wattle-host"}
	schedulers := []string{s.SchedulerEndpoint("*", "*"), s.SchedulerEndpoint("x", "state"), s.Secrets("*"), s.Secrets(c.good), s.Secrets(c.evil)}
	messages := []string{s.Messages(), s.Message("orders")}
	for _, test := range []struct {
		who      *trust.Creds
		subjects []string
	}{
		{c.hostile, slices.Concat(never, commands, seen, schedulers, []string{"$SRV.PING.wattle-scheduler"})},
		{c.scheduler, slices.Concat(never, messages, []string{s.Caller(c.scheduler.User()), "$SRV.PING.wattle-host"})},
		{c.gateway, slices.Concat(never, commands, seen, services, schedulers, messages)},
		{c.operator, slices.Concat(never, commands, services, schedulers)},
		{c.viewer, slices.Concat(never, commands, services, schedulers, messages, []string{s.Caller(c.viewer.User())})},
	} {
		t.Run(string(test.who.Role), func(t *testing.T) {
			r := dialRaw(t, c.server, test.who)
			for _, subject := range test.subjects {
				for _, queue := range []string{"", "scheduler", "q"} {
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
		})
	}
}

// TestHostileRequests has a host ask, on subjects where it may, for what is not its
// own.
func TestHostileRequests(t *testing.T) {
	c := newTown(t)
	b := c.buckets
	const secret = `{"secret":1}`
	c.put(t, c.scheduler, b.Desired(), string(c.good), secret)
	c.put(t, c.scheduler, b.Desired(), string(c.evil), `{}`)
	stream, own, victim := "KV_"+b.Desired(), kv(b.Desired(), string(c.evil)), kv(b.Desired(), string(c.good))
	create := "$JS.API.CONSUMER.CREATE." + stream + ".c." + own
	get := "$JS.API.DIRECT.GET." + stream + "." + own
	inbox := c.hostile.InboxPrefix() + ".x"
	deliver := c.hostile.InboxPrefix() + ".deliver"
	for _, test := range []struct{ name, subject, body, want string }{
		{"consumer with another filter", create, consumer(stream, map[string]any{"name": "c", "filter_subject": victim, "deliver_subject": deliver}), "10131"},
		{"consumer with a wildcard", create, consumer(stream, map[string]any{"name": "c", "filter_subject": kv(b.Desired(), ">"), "deliver_subject": deliver}), "10131"},
		{"consumer without a filter", create, consumer(stream, map[string]any{"name": "c", "deliver_subject": deliver}), "10131"},
		{"consumer with several filters", create, consumer(stream, map[string]any{"name": "c", "filter_subjects": []string{own, victim}, "deliver_subject": deliver}), "10137"},
		{"consumer with one filter in the list", create, consumer(stream, map[string]any{"name": "c", "filter_subjects": []string{victim}, "deliver_subject": deliver}), "10137"},
		{"consumer with both kinds of filter", create, consumer(stream, map[string]any{"name": "c", "filter_subject": own, "filter_subjects": []string{victim}, "deliver_subject": deliver}), "10137"},
		{"consumer of another stream", create, consumer("KV_"+b.Config(), map[string]any{"name": "c", "filter_subject": own, "deliver_subject": deliver}), "10056"},
		{"consumer that delivers to a wildcard", create, consumer(stream, map[string]any{"name": "c", "filter_subject": own, "deliver_subject": "$KV.>"}), "10"},
		{"consumer that delivers into its bucket", create, consumer(stream, map[string]any{"name": "c", "filter_subject": own, "deliver_subject": victim}), "10081"},
		{"get with another key in the body", get, `{"last_by_subj":"` + victim + `"}`, "408"},
		{"get by sequence", get, `{"seq":1}`, "408"},
		{"get the next of all", get, `{"seq":1,"next_by_subj":"` + kv(b.Desired(), ">") + `"}`, "408"},
		{"get of many", get, `{"multi_last":["` + victim + `"],"batch":10}`, "408"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := dialRaw(t, c.server, c.hostile)
			r.sub(inbox, "")
			r.sub(deliver, "")
			r.pub(test.subject, inbox, "", test.body)
			m := r.next()
			answer := m.header + m.data
			if !strings.Contains(answer, test.want) || strings.Contains(answer, secret) || strings.Contains(answer, `"created"`) {
				t.Errorf("the answer is %q", answer)
			}
			if refused := r.sync(); len(refused) > 0 || len(r.got) > 0 {
				t.Errorf("besides %q, %+v", refused, r.got)
			}
		})
	}
}

// TestSubscriptions has a host subscribe without end.
func TestSubscriptions(t *testing.T) {
	c := newTown(t)
	r := dialRaw(t, c.server, c.hostile)
	for range 10_000 {
		r.sub(c.hostile.InboxPrefix()+".x", "")
	}
	if refused := r.sync(); len(refused) > 0 {
		t.Fatalf("the server says %q", refused)
	}
	r.sub(c.hostile.InboxPrefix()+".x", "")
	r.send("PING\r\n")
	for line := r.line(); !strings.Contains(line, "maximum subscriptions exceeded"); line = r.line() {
		if line == "PONG" {
			t.Fatal("the server takes more subscriptions than the limit")
		}
	}
}
