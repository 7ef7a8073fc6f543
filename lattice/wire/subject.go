package wire

import "github.com/wattle-dev/wattle/lattice"

// Prefix begins every subject of Wattle.
const Prefix = "wattle."

// Subjects are the subjects of a lattice.
type Subjects struct{ Lattice lattice.Name }

func (s Subjects) of(tail string) string { return Prefix + string(s.Lattice) + "." + tail }

// All matches every subject of the lattice.
func (s Subjects) All() string { return s.of(">") }

// Invoke is where a host takes frames of exchanges from callers.
func (s Subjects) Invoke(h lattice.HostID) string { return s.of("host." + string(h) + ".invoke") }

// Caller is where a caller, named as Messenger.User names it, takes frames of
// exchanges from hosts.
func (s Subjects) Caller(user string) string { return s.of("caller." + user) }

// Replies matches the subjects on which a caller learns that nobody listens to its
// frames: Caller with the token of an exchange.
func (s Subjects) Replies(user string) string { return s.Caller(user) + ".*" }

// Endpoint is where a host answers requests about itself.
func (s Subjects) Endpoint(h lattice.HostID, name string) string {
	return s.of("host." + string(h) + ".api." + name)
}

// Log is where a host publishes what a component writes, while somebody asks for
// it.
func (s Subjects) Log(h lattice.HostID, c lattice.ComponentID) string {
	return s.of("log." + string(h) + "." + string(c))
}

// Logs matches what a component writes on all hosts.
func (s Subjects) Logs(c lattice.ComponentID) string { return s.of("log.*." + string(c)) }

// HostEvent is where a host publishes its events of a kind, which has dots.
func (s Subjects) HostEvent(h lattice.HostID, kind string) string {
	return s.of("event.host." + string(h) + "." + kind)
}

// SchedulerEvent is where the scheduler publishes its events.
func (s Subjects) SchedulerEvent(kind string) string { return s.of("event.scheduler." + kind) }

// Events matches all events.
func (s Subjects) Events() string { return s.of("event.>") }

// Control is where the scheduler takes a command.
func (s Subjects) Control(command string) string { return s.of("control." + command) }

// Secrets is where a host asks the scheduler for the values of secrets.
func (s Subjects) Secrets(h lattice.HostID) string { return s.of("secrets." + string(h)) }

// SchedulerEndpoint is where a scheduler, named as its microservice is, answers
// requests about itself.
func (s Subjects) SchedulerEndpoint(id, name string) string {
	return s.of("scheduler." + id + ".api." + name)
}

// Message is where a message of components goes on the subject that they have for it,
// which may be a pattern: components reach each other there, and nothing else.
func (s Subjects) Message(subject string) string { return s.of("msg." + subject) }

// Messages matches all messages of components.
func (s Subjects) Messages() string { return s.Message(">") }
