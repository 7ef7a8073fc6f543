package decide

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// maxFitted bounds how many hosts' documents are tried before a decision holds. A
// document that cannot be written all the same is told of in the scheduler's status.
const maxFitted = 64

// fits reports whether what hosts would be told of components can be written down.
func fits(after *state.State, touched []lattice.ComponentID) error {
	left := maxFitted
	tried := map[lattice.HostID]bool{}
	for _, id := range touched {
		placed := after.Placements(id)
		if placed == nil {
			continue
		}
		for i := range placed.Hosts {
			host := placed.Hosts[i].Host
			if tried[host] {
				continue
			}
			if left--; left < 0 {
				return nil
			}
			tried[host] = true
			if _, err := wire.EncodeDesired(after.Desired(host)); err != nil {
				return fmt.Errorf("what host %s would be told: %w", host.Short(), err)
			}
		}
	}
	return nil
}

// maxPassed bounds how many hosts that were not chosen an answer has.
const maxPassed = 64

// settleComponent completes the answer to a command on a component, and refuses it if
// it wants more hosts than fit. old is what the component was before.
func settleComponent(in *In, result *control.ComponentResult, old *state.Component, after *state.State) error {
	id := result.Component
	before, now := in.State.Placements(id), after.Placements(id)
	if now == nil {
		now = &state.Placements{Component: id}
	}
	missing := 0
	if before != nil {
		missing = before.Missing
	}
	wanted := hostsOf(after.Component(id))
	if now.Missing > missing || now.Missing > 0 && wanted > hostsOf(old) {
		return fmt.Errorf("component %q: %w: %s for %d%s", id, lattice.ErrUnavailable,
			count(wanted-now.Missing, "host fits", "hosts fit"), wanted, reasons(in, now.Passed))
	}
	for i := range now.Hosts {
		p := &now.Hosts[i]
		if p.Leaving != "" {
			result.Stopped = append(result.Stopped, p.Host)
			continue
		}
		at := control.Placement{Host: p.Host, MaxInstances: p.Instances, Why: p.Why}
		if before.On(p.Host) != nil {
			at.Why = "it was placed there before: " + p.Why
		}
		h := in.Hosts(p.Host)
		if h != nil {
			at.Name = h.Report.Name
		}
		if h == nil || h.Silent != "" {
			result.Notes = append(result.Notes, fmt.Sprintf("host %s is not heard of; it is told when it reports again", p.Host.Called(at.Name)))
		}
		result.Hosts = append(result.Hosts, at)
	}
	if before != nil {
		for i := range before.Hosts {
			if h := before.Hosts[i].Host; now.On(h) == nil {
				result.Stopped = append(result.Stopped, h)
			}
		}
	}
	for i := range now.Passed {
		for _, h := range now.Passed[i].Hosts {
			if len(result.Passed) < maxPassed {
				result.Passed = append(result.Passed, control.Placement{Host: h, Name: nameOf(in, h), Why: now.Passed[i].Why})
			}
		}
	}
	return nil
}

func nameOf(in *In, id lattice.HostID) string {
	if h := in.Hosts(id); h != nil {
		return h.Report.Name
	}
	return ""
}

// maxReasons bounds how many hosts an error tells of.
const maxReasons = 8

func reasons(in *In, passed []state.Passed) string {
	if len(passed) == 0 {
		return "; no other host has reported: is one running in this lattice?"
	}
	var b strings.Builder
	left, untold := maxReasons, 0
	for i := range passed {
		told := 0
		for _, h := range passed[i].Hosts {
			if left == 0 {
				break
			}
			fmt.Fprintf(&b, "; host %s: %s", h.Called(nameOf(in, h)), passed[i].Why)
			left, told = left-1, told+1
		}
		untold += passed[i].Count - told
	}
	if untold > 0 {
		fmt.Fprintf(&b, "; and %d more", untold)
	}
	return b.String()
}
