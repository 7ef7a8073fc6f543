package trust

import (
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Permission is what a user may publish to and subscribe to. What is not in it
// is denied.
type Permission struct {
	Publish   []string
	Subscribe []string
}

// Permissions returns what a role may do on a lattice. user is the user's public
// key and host its ID if it is a host.
func Permissions(role Role, l lattice.Name, user string, host lattice.HostID) Permission {
	var p Permission
	for _, g := range grants(l, user, host) {
		if slices.Contains(g.to, role) {
			p.Publish = append(p.Publish, g.pub...)
			p.Subscribe = append(p.Subscribe, g.sub...)
		}
	}
	slices.Sort(p.Publish)
	slices.Sort(p.Subscribe)
	p.Publish, p.Subscribe = slices.Compact(p.Publish), slices.Compact(p.Subscribe)
	return p
}

// A grant allows some roles some subjects.
type grant struct {
	to  []Role
	pub []string
	sub []string
}

type (
	roles    = []Role
	subjects = []string
)

// grants is the table of permissions.
func grants(l lattice.Name, user string, host lattice.HostID) []grant {
	s, b := wire.Subjects{Lattice: l}, wire.Buckets{Lattice: l}
	const (
		H = RoleHost
		S = RoleScheduler
		G = RoleGateway
		O = RoleOperator
		V = RoleViewer
		W = RoleWasmCloud
	)
	all := roles{H, S, G, O, V}
	return []grant{
		// Answers to what one asks come to one's own inboxes. Who is asked may
		// publish to inboxes: see the package comment for why it is not
		// allow_responses.
		{to: all, sub: subjects{inboxPrefix(user) + ".>"}},
		{to: roles{H, S}, pub: subjects{"_INBOX.>"}},

		// Calls. Who calls listens where it is answered; exchanges have names that
		// cannot be guessed.
		{to: roles{H, G, O}, pub: subjects{s.Invoke("*")}, sub: subjects{s.Caller(user), s.Replies(user)}},
		{to: roles{H}, pub: subjects{s.Caller("*")}, sub: subjects{s.Invoke(host)}},

		// Commands.
		{to: roles{S, O}, pub: subjects{s.Control(">")}},
		{to: roles{S}, sub: subjects{s.Control(">")}},
		// Those that change nothing, and tell nothing but what operators declared.
		{to: roles{V}, pub: subjects{
			s.Control("app.list"), s.Control("app.get"), s.Control("app.status"), s.Control("app.explain"), s.Control("app.history"),
		}},

		// The scheduler in the manner of wasmCloud. Its tools are in an account of
		// their own, so these are their own inboxes. Whoever answers them publishes to
		// subjects that servers make up in place of inboxes of another account.
		{to: roles{O}, pub: subjects{wasmbusControl(l)}, sub: subjects{wasmbusEvents(l)}},
		{to: roles{V}, sub: subjects{wasmbusEvents(l)}},
		{to: roles{O, V}, pub: slices.Concat(kvReadAll(latticeData(l)), kvReadAll(configData(l)))},
		{to: roles{S}, pub: subjects{wasmbusEvents(l), "_R_.*.*"}, sub: subjects{wasmbusControl(l)}},

		{to: roles{W}, pub: subjects{wasmbusControl(l)}, sub: subjects{wasmbusEvents(l), "_INBOX.>"}},

		// The scheduler in the manner of wadm. It asks on the same subject whether there
		// is a wadm.
		{to: roles{O, W}, pub: subjects{wadmAPI(l)}, sub: subjects{wadmStatus(l), wadmEvents(l)}},
		{to: roles{V}, sub: subjects{wadmStatus(l), wadmEvents(l)}},
		{to: roles{S}, pub: subjects{wadmStatus(l), wadmEvents(l), wadmList(l)}, sub: subjects{wadmAPI(l)}},

		// Hosts and schedulers as microservices.
		{to: roles{H}, sub: append(service(hostService, string(host)), s.Endpoint(host, "*"))},
		{to: roles{S}, sub: append(service(schedulerService, "*"), s.SchedulerEndpoint("*", "*"))},
		{to: roles{S, O, V}, pub: subjects{"$SRV.>", s.Endpoint("*", "*"), s.SchedulerEndpoint("*", "*")}},

		// Secrets. A host asks in its own name for those of what it was told to run, and
		// the scheduler that leads answers.
		{to: roles{H}, pub: subjects{s.Secrets(host)}},
		{to: roles{S}, sub: subjects{s.Secrets("*")}},

		// Events and logs.
		{to: roles{H}, pub: subjects{s.HostEvent(host, ">"), s.Log(host, "*")}},
		{to: roles{S}, pub: subjects{s.SchedulerEvent(">")}},
		{to: roles{S, O, V}, sub: subjects{s.Events(), s.Log("*", "*")}},
		{to: roles{O, V}, pub: replay(b.Events(), s.Events())},

		// Documents of hosts.
		{to: roles{H}, pub: subjects{
			"$JS.API.STREAM.INFO." + kvStream(b.Hosts()),
			kvKey(b.Hosts(), string(host)),
			kvKey(b.Ready(), wire.ReadyKey(host, "*")),
			kvKey(b.Catalogue(), wire.ReadyKey(host, "*")),
		}},
		{to: roles{O, V}, pub: kvReadAll(b.Hosts())},
		{to: roles{H, G, O, V}, pub: slices.Concat(kvReadAll(b.Ready()), kvReadAll(b.Catalogue()))},

		// Documents of the scheduler.
		{to: roles{H}, pub: kvRead(b.Desired(), string(host))},
		{to: roles{H, G, O, V}, pub: slices.Concat(kvReadAll(b.Components()), kvReadAll(b.Scheduler()))},
		{to: roles{O, V}, pub: slices.Concat(kvReadAll(b.Desired()), kvReadAll(b.Links()), kvReadAll(b.Config()))},
		{to: roles{S}, pub: subjects{
			kvKey(b.Desired(), ">"),
			kvKey(b.Components(), ">"),
			kvKey(b.Links(), ">"),
			kvKey(b.Config(), ">"),
			kvKey(b.Scheduler(), ">"),
		}},

		// What components store, and the messages that they send each other. Their hosts
		// see to it that each has what it is linked to.
		{to: roles{H, O}, pub: slices.Concat(kvReadAll(b.KeyValue()), kvReadAll(b.Blobs()))},
		{to: roles{H, O}, pub: subjects{kvKey(b.KeyValue(), ">"), kvKey(b.Blobs(), ">"), s.Messages()}, sub: subjects{s.Messages()}},

		// Components' binaries.
		{to: roles{H, O, V}, pub: objectsRead(b.Artifacts())},
		{to: roles{S, O}, pub: objectsWrite(b.Artifacts())},

		// Who makes the buckets reads what is in the account. The permissions of
		// schedulers are in their JWTs, which have to be short, and so without
		// the names of all streams.
		{to: roles{S}, pub: subjects{
			"$JS.API.STREAM.CREATE.*", "$JS.API.STREAM.UPDATE.*", "$JS.API.STREAM.INFO.*",
			"$JS.API.DIRECT.GET.>", "$JS.API.CONSUMER.CREATE.>", "$JS.FC.>",
			kvKey(latticeData(l), ">"), kvKey(configData(l), ">"),
		}},
		{to: roles{S, O, V}, pub: subjects{"$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST"}},
		// The tools delete the consumers with which they have read. That extends to
		// those of others, whose names nobody may ask for and nobody can guess.
		// Programs of Wattle let theirs end by themselves.
		{to: roles{O, V}, pub: consumersDelete(
			kvStream(b.Desired()), kvStream(b.Components()), kvStream(b.Hosts()), kvStream(b.Ready()), kvStream(b.Catalogue()),
			kvStream(b.Links()), kvStream(b.Config()), kvStream(b.Scheduler()), objectStream(b.Artifacts()), b.Events(),
		)},
		{to: all, pub: subjects{"$JS.API.INFO"}}, // is there JetStream?
	}
}

// The names of microservices.
const (
	hostService      = "wattle-host"
	schedulerService = "wattle-scheduler"
)

// service are the subjects on which a microservice is found.
func service(name, id string) []string {
	var s []string
	for _, verb := range []string{"PING", "INFO", "STATS"} {
		s = append(s, "$SRV."+verb, "$SRV."+verb+"."+name, "$SRV."+verb+"."+name+"."+id)
	}
	return s
}

func wasmbusControl(l lattice.Name) string { return "wasmbus.ctl.v1." + string(l) + ".>" }
func wasmbusEvents(l lattice.Name) string  { return "wasmbus.evt." + string(l) + ".>" }
func wadmAPI(l lattice.Name) string        { return "wadm.api." + string(l) + ".>" }
func wadmList(l lattice.Name) string       { return "wadm.api." + string(l) + ".model.list" }
func wadmStatus(l lattice.Name) string     { return "wadm.status." + string(l) + ".*" }
func wadmEvents(l lattice.Name) string     { return "wadm.evt." + string(l) + ".*" }
func latticeData(l lattice.Name) string    { return "LATTICEDATA_" + string(l) }
func configData(l lattice.Name) string     { return "CONFIGDATA_" + string(l) }

// The subjects below are those of the JetStream API, and of its key-value
// buckets and object stores: NATS ADR-1, ADR-8, ADR-20 and ADR-31.

func kvStream(bucket string) string       { return "KV_" + bucket }
func kvKey(bucket, pattern string) string { return "$KV." + bucket + "." + pattern }
func objectStream(store string) string    { return "OBJ_" + store }

// kvRead are the requests to get and to watch the keys that match a pattern, but
// no others.
func kvRead(bucket, pattern string) []string {
	return streamRead(kvStream(bucket), kvKey(bucket, pattern))
}

// kvReadAll are the requests to get, list and watch all keys.
func kvReadAll(bucket string) []string {
	return streamReadAll(kvStream(bucket), kvKey(bucket, ">"))
}

// streamRead are the requests to read the messages of a stream whose subjects
// match a pattern. The server demands that what a request asks for is what its
// subject says.
func streamRead(stream, pattern string) []string {
	return []string{
		"$JS.API.STREAM.INFO." + stream,
		"$JS.API.DIRECT.GET." + stream + "." + pattern,
		"$JS.API.CONSUMER.CREATE." + stream + ".*." + pattern,
		"$JS.FC." + stream + ".>",
	}
}

// streamReadAll are the requests to read all messages of a stream, of which
// pattern matches every subject.
func streamReadAll(stream, pattern string) []string {
	return []string{
		"$JS.API.STREAM.INFO." + stream,
		"$JS.API.DIRECT.GET." + stream,
		"$JS.API.DIRECT.GET." + stream + "." + pattern,
		"$JS.API.CONSUMER.CREATE." + stream + ".>",
		"$JS.FC." + stream + ".>",
	}
}

// replay are the requests to read a stream, with a consumer that is asked for
// each message too.
func replay(stream, pattern string) []string {
	return append(streamReadAll(stream, pattern), "$JS.API.CONSUMER.MSG.NEXT."+stream+".*")
}

// objectsRead are the requests to read objects.
func objectsRead(store string) []string {
	return slices.Concat(
		streamRead(objectStream(store), "$O."+store+".M.*"),
		streamRead(objectStream(store), "$O."+store+".C.*"),
	)
}

// objectsWrite are the requests to store and remove objects.
func objectsWrite(store string) []string {
	return []string{
		"$O." + store + ".M.*",
		"$O." + store + ".C.*",
		"$JS.API.STREAM.PURGE." + objectStream(store),
	}
}

func consumersDelete(streams ...string) []string {
	var s []string
	for _, stream := range streams {
		s = append(s, "$JS.API.CONSUMER.DELETE."+stream+".*")
	}
	return s
}
