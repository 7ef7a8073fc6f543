package decide

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// In is what is known when something is decided.
type In struct {
	State *state.State
	// Hosts returns a host that has reported, or nil.
	Hosts func(lattice.HostID) *Host
	// Now is the time in milliseconds since 1970, for people.
	Now int64
}

// Host is a host as it shows itself.
type Host struct {
	Report *lattice.HostReport
	// Silent says since when nothing was heard of the host, for people. It is empty
	// while the host reports in time.
	Silent string
	// Behind reports whether the host has not taken up yet what a component is given: its
	// links, configurations and secrets. If nil, it has.
	Behind func(lattice.ComponentID) bool
}

// Event is something that happened with a decision.
type Event struct {
	// Kind is one of those of package lattice.
	Kind    string
	Subject string
	Data    any
}

// Decision is what a command comes to.
type Decision struct {
	// Changes are of the state. If there are none, all is so already.
	Changes []state.Change
	// Touched are the components whose places have to be looked at.
	Touched []lattice.ComponentID
	// Stored are digests of binaries that must be in the lattice's object store.
	Stored []string
	// Events tell of it.
	Events []Event
	// Result is the answer: a *control.Result, *control.ComponentResult,
	// *control.ConfigResult, *control.SecretResult or *control.AppResult.
	Result any

	settle func(in *In, after *state.State) error
	// anyway has the decision hold whatever hosts would refuse of it: it goes back to
	// what was.
	anyway bool
}

// Command returns what a command, which must be valid in itself, comes to.
func Command(in In, cmd control.Command) (*Decision, error) {
	d := &decider{In: in, s: in.State}
	var err error
	switch c := cmd.(type) {
	case *control.StartComponent:
		err = d.start(c)
	case *control.ScaleComponent:
		err = d.scale(c)
	case *control.UpdateComponent:
		err = d.update(c)
	case *control.StopComponent:
		err = d.stop(c)
	case *control.PutLink:
		err = d.putLink(c)
	case *control.DeleteLink:
		err = d.deleteLink(c)
	case *control.PutConfig:
		err = d.putConfig(c)
	case *control.DeleteConfig:
		err = d.deleteConfig(c)
	case *control.PutSecret:
		err = d.putSecret(c)
	case *control.DeleteSecret:
		err = d.deleteSecret(c)
	case *control.SetHostState:
		err = d.setHostState(c)
	case *control.PutLabel:
		err = d.putLabel(c)
	case *control.DeleteLabel:
		err = d.deleteLabel(c)
	case *control.PutApp:
		err = d.putApp(c)
	case *control.DeployApp:
		err = d.deployApp(c)
	case *control.RollbackApp:
		err = d.rollbackApp(c)
	case *control.PromoteApp:
		err = d.promoteApp(c)
	case *control.ScaleApp:
		err = d.scaleApp(c)
	case *control.UndeployApp:
		err = d.undeployApp(c)
	case *control.DeleteApp:
		err = d.deleteApp(c)
	default:
		err = fmt.Errorf("command %q: %w: it changes nothing that is kept", cmd.Name(), lattice.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return &d.d, nil
}

// decider is a decision under way.
type decider struct {
	In
	s *state.State
	d Decision
	// used are the refs of components, once they were looked for.
	used map[string]bool
	// refs counts those that were added, and forgotten are those that went.
	refs      int
	forgotten map[string]bool
}

func (d *decider) put(r state.Record)           { d.d.Changes = append(d.d.Changes, state.Put(r)) }
func (d *decider) remove(k state.Key)           { d.d.Changes = append(d.d.Changes, state.Delete(k)) }
func (d *decider) needs(digest string)          { d.d.Stored = append(d.d.Stored, digest) }
func (d *decider) touch(id lattice.ComponentID) { d.d.Touched = append(d.d.Touched, id) }

func (d *decider) happens(kind, subject string, data any) {
	d.d.Events = append(d.d.Events, Event{kind, subject, data})
}

// rescaled is what is told of a component of which more or less is to run, or something
// else. Where, events of the hosts tell.
type rescaled struct {
	Component lattice.ComponentID `json:"component"`
	Ref       string              `json:"ref,omitempty"`
	Digest    string              `json:"digest,omitempty"`
	// Revision is zero if the component is gone.
	Revision uint64           `json:"revision,omitempty"`
	Stopped  []lattice.HostID `json:"stopped,omitempty"`
}

func (d *decider) rescaled(s rescaled) {
	d.happens(lattice.EventComponentScaled, string(s.Component), s)
}

// Settle completes the answer with what was decided about places, or refuses the
// command for what cannot be. after is the state with all changes.
func (d *Decision) Settle(in In, after *state.State) error {
	if err := fits(after, d.Touched); err != nil {
		return err
	}
	if !d.anyway {
		if err := granted(after, d.Changes); err != nil {
			return err
		}
	}
	if d.settle == nil {
		return nil
	}
	return d.settle(&in, after)
}

// Done notes in the answer what has become of the state.
func (d *Decision) Done(changed bool, stamp lattice.Stamp, notes ...string) {
	r := d.plain()
	r.Changed, r.Stamp, r.Notes = changed, stamp, append(r.Notes, notes...)
}

func (d *Decision) plain() *control.Result {
	switch r := d.Result.(type) {
	case *control.ComponentResult:
		return &r.Result
	case *control.AppResult:
		return &r.Result
	case *control.ConfigResult:
		return &r.Result
	case *control.SecretResult:
		return &r.Result
	case *control.Result:
		return r
	}
	return new(control.Result)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
