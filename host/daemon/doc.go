// Package daemon is a host that joins a lattice: it runs what the scheduler wants
// it to run, says what it runs, and carries out invocations.
//
// # Desired and observed
//
// The daemon watches its own key of the bucket of desired documents. A document
// counts if the scheduler signed it for this key, if it decodes strictly, and if
// its stamp is not older than that of the last one. What does not count is logged
// and changes nothing; neither does a deleted key. The last document that counted
// is kept in the data directory in its signed form, so that the daemon starts from
// it while NATS is away, and checks it again then.
//
// # Converging
//
// Every component has a goroutine of its own, a runner, which brings what runs to
// what is wanted, and waits. Loading is bounded in number over all runners. What
// fails is tried again after a growing time with jitter, unless it cannot come out
// otherwise; the reason is in the host's report. A component that changes is loaded
// beside the one that runs; then calls go to the new one, and the old one finishes
// those it has. If the new one cannot be loaded, or no probe of it is good, the old one
// goes on; the report has both. What a change of numbers takes is done at once and
// loads nothing: how many calls run and wait, the revision's number, routes,
// annotations. Nor does a change of what it is granted.
//
// # Grants
//
// What a component reaches is its grant: its configuration, its secrets, its links, and
// what is open behind those to capabilities (package host/capability). It is opened when
// the component is loaded; what cannot be opened keeps it from starting. When any of it
// changes another grant is opened beside the first and takes its place as a whole, for
// calls that begin from then on; what cannot be opened, or no probe is good with, leaves
// the last one in place, is in the report and is tried again. The last grant is closed
// when the last call that has it has ended. Code is loaded again only if other interfaces
// are linked than before, and if instances begin as one that was given the old grant
// (Preinit).
//
// What was taken away is gone: if a component cannot run without an interface that it
// was linked to before, and the binary is the same, it takes no calls any more.
//
// # Probes
//
// A component with a probe takes calls only after one was good, and is asked again and
// again from then on: every two seconds unless it says otherwise, with a second of
// time. Three bad ones in a row make it unhealthy: it is not offered to callers, on
// this host either, until one is good. It goes on running and carries out what comes
// all the same. A probe that takes too long while calls are carried out well counts
// neither way: a host that is slow is not helped by giving its calls to others.
//
// A component without a probe takes calls once an instance of it could be made, which is
// tried before.
//
// Probes have an instance of their own ([host.Prober]) and count nowhere as calls.
// What they reach over links, they call on behalf of the caller "probe". Of a component
// there is never more than one at a time.
//
// # Leases
//
// A host that is cut off goes on with what it has. A component with a lease does not:
// it stops when no report has been taken for the time of the lease, and starts when one
// is. It does not start before the first one either.
//
// # Artifacts
//
// Components come from the lattice's object store by digest, and are kept in the
// data directory within a bound. Bytes are hashed every time that they are read:
// nothing but what the digest says is run. A binary is read once for all components of
// this host that are made of it, and forgotten with the last of them.
//
// # Links
//
// An import that a link to a component names is served by invoking the link's target,
// in process if it runs here. Its types are those that the importing component declares;
// on the other side they are compared with those of the export. The invocation goes on
// behalf of the one that the component is carrying out, so that chains have an end. Of
// several links of one interface calls go to the one called default, unless the component
// chooses another by its name (package host/wasmcloud/bus); one that cannot is not
// started if none is called so.
//
// An import that a link to a capability names is served by the host, and so are the
// interfaces that grant nothing by themselves. Other imports have nothing behind them: a
// component that has one is not started, and the report says which, in which version, and
// what of a manifest would link it.
//
// # Configuration
//
// A component reads its configuration by wasi:config, and its secrets by
// wasmcloud:secrets. Values whose keys begin with "env." become environment variables
// besides: env.LOG_LEVEL is LOG_LEVEL. Secrets never do.
//
// # Volumes
//
// Directories that the host's operator shares have names ([Options.Volumes]), by which
// links to the capability for file systems mount them. The host's labels say which there
// are: volume.NAME is ro or rw.
//
// # MCP servers
//
// A component that is declared to be an MCP server is offered as one as soon as it takes
// calls (package host/mcp). What it offers is found out then, and again when what it may
// use changes, when it is declared to be offered in another way, and after the time that it
// says; and is put into the catalogue, signed, under a key that ends with the component. A
// component that cannot be listed runs all the same: the catalogue says why, it is an event,
// and is tried again after a growing time. How it is offered changes without the code being
// loaded again.
//
// # Limits
//
// The limits of a specification are those of package host; zero is its default. How often
// a component exceeded which is measured as wattle.limit.exceeded.
//
// # Readiness, drain, end
//
// A component is offered to callers by a Ready document, signed by the host, from
// when it runs until shortly before it stops: the document is withdrawn first, and
// calls are taken for a while longer, so that callers who have not heard of it are
// served. A host that is to be drained does that with all components. So does the
// end of Run's context, after which the host says that it has stopped. Calls under
// way have Options.DrainTimeout.
//
// # Labels
//
// A host has the labels that it was given, those that operators gave it, which go
// first, and those that are detected, which nobody can give: see package
// hostgroup/machine.
//
// # What it can be asked
//
// The daemon is a service named wattle-host in the sense of package microservice,
// with the endpoints report, health, components and logs. Guests' output is kept
// for a while, and published for as long as somebody asks for it.
//
// # Faults
//
// A daemon that cannot reach NATS goes on with what it has, and starts with it: what
// it was told last says also which requests go to its components, until its directory
// is complete. Documents and artifacts
// that cannot be stored, as on a full disk, are used all the same, and it is said
// that they would be lost. Times are measured by a clock that does not jump.
package daemon
