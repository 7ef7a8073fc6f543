package sim

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// What no host can carry out: a directory that none shares, and a value of a configuration.
const (
	noVolume = "none"
	noValue  = "9"
)

// carries reports whether hosts can carry out what a component is given, besides its
// binary: its configuration, and what it is linked to.
func carries(spec *lattice.ComponentSpec) bool {
	if spec.Config["k"] == noValue {
		return false
	}
	for i := range spec.Capabilities {
		for _, value := range spec.Capabilities[i].Config {
			if strings.HasPrefix(value, "volume:"+noVolume) {
				return false
			}
		}
	}
	return true
}

// scaled reports whether specs differ in nothing but what a host changes at once.
func scaled(a, b *lattice.ComponentSpec) bool {
	x, y := *a, *b
	x.MaxInstances, x.Annotations, x.LeaseMillis = y.MaxInstances, y.Annotations, y.LeaseMillis
	return sameSpec(&x, &y)
}

// given is all that a component is given, as a text.
func given(spec *lattice.ComponentSpec) string {
	one := *spec
	one.Ref, one.Revision, one.MaxInstances, one.Annotations, one.LeaseMillis = "", 0, 0, nil, 0
	text, err := wire.EncodeObject("spec", &one, wire.MaxDocument)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// ran is a component with all that it was given, on a host.
type ran struct {
	flip
	given string
}

// works reports whether a revision of a component can be ready anywhere, with what it is
// given now.
func (w *World) works(s *state.State, c *state.Component, revision uint64) bool {
	r := c.Revision(revision)
	spec := s.Spec(c, &state.Placement{Revision: revision, Instances: 1})
	return w.binaries[r.Digest] == good && carries(&spec)
}

// judged looks at applications whose version was good just now.
//
// Invariant: a version is good only if hosts have run what it gives to its components,
// and not what another gave to them.
func (c *check) judged(before, now *state.State) {
	for a := range now.Apps() {
		was := before.App(a.Name)
		if a.Good != a.Deployed || a.Deployed == 0 || was != nil && was.Good == a.Good {
			continue
		}
		for component := range now.ComponentsOf(a.Name) {
			p := now.Placements(component.ID)
			for i := 0; p != nil && component.Dropped == 0 && i < len(p.Hosts); i++ {
				at := &p.Hosts[i]
				spec := now.Spec(component, at)
				if h := c.w.byID[at.Host]; at.Leaving == "" && h != nil && h.lie == honest && !c.ran[ran{flip{component.ID, at.Host}, given(&spec)}] {
					c.w.fail("a version is good where hosts run what it gives", "%s is ready with version %d, and %s never ran %s with what that gives", a.Name, a.Deployed, h, component.ID)
					return
				}
			}
		}
	}
}

// said looks whether a host that goes on with what it had, as it cannot carry out what
// a component is given now, is said to be all right.
func (c *check) said() string {
	for _, h := range c.w.hosts {
		for id, r := range h.runners {
			component, p := c.last.state.Component(id), c.last.state.Placements(id).On(h.id)
			so := r.current != nil && r.next != nil && r.next.State == lattice.ComponentFailed && h.linked() && h.lie == honest && c.w.now >= h.unstored &&
				component != nil && component.App != "" && p != nil && p.Leaving == "" && p.Revision == r.next.Revision
			if long := c.lasts(fmt.Sprintf("said %s %d", id, h.n), so); long <= lease+c.reaction() {
				continue
			}
			if phase := c.phase(component); phase == control.AppReady {
				return fmt.Sprintf("%s has not carried out what %s is given for %d ms, and it is said to be ready", h, id, c.w.now-c.since[fmt.Sprintf("said %s %d", id, h.n)])
			}
		}
	}
	return ""
}

// phase is how whoever leads says that a component of an application is doing.
func (c *check) phase(component *state.Component) control.AppPhase {
	for _, r := range c.w.replicas {
		s := r.service
		if s == nil || s.ended || s.l == nil || !s.acts {
			continue
		}
		view, err := s.l.View(s.mono(), 0, &control.AppStatusOf{App: component.App})
		status, ok := view.(*control.AppStatus)
		if err != nil || !ok {
			return ""
		}
		for i := range status.Parts {
			if status.Parts[i].ID == string(component.ID) && status.Parts[i].Kind == "component" {
				return status.Parts[i].Phase
			}
		}
	}
	return ""
}
