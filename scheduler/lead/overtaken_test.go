package lead_test

import (
	"fmt"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// An application that was to go back by itself, and of which a command has made something
// else before that, does not.
func TestOvertakenRollback(t *testing.T) {
	const broken = 2
	digest := func(n int) string { return fmt.Sprintf("sha256:%064x", n) }
	put := func(n int, deploy bool) *control.PutApp {
		image := fmt.Sprintf("x:%d", n)
		return &control.PutApp{Deploy: deploy, Digests: map[string]string{image: digest(n)}, Manifest: fmt.Sprintf(
			"apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata: {name: shop, annotations: {version: v%d}}\nspec:\n  components:\n"+
				"  - {name: c, type: component, properties: {image: %q}, traits: [{type: spreadscaler, properties: {instances: 1}}]}\n", n, image)}
	}
	for name, test := range map[string]struct {
		cmd control.Command
		// deployed is the version that is deployed in the end, zero if there is no
		// application any more.
		deployed uint64
	}{
		"nothing":            {nil, 1},
		"it is deleted":      {&control.DeleteApp{App: "shop"}, 0},
		"another version":    {put(3, true), 3},
		"one for later":      {put(3, false), 1},
		"somebody goes back": {&control.RollbackApp{App: "shop"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := lead.New(lead.Options{Term: 1}, 0, state.New(lattice.DefaultName))
			if err := l.Begin(); err != nil {
				t.Fatal(err)
			}
			l.Beat(1)
			accept := func(p *lead.Proposal, err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
				if err := l.Accept(1, p); err != nil {
					t.Fatal(err)
				}
				s := l.State()
				for _, e := range p.Entries {
					if s, err = s.Apply(lattice.Stamp{Term: 1, Index: s.Stamp.Index + 1}, e); err != nil {
						t.Fatal(err)
					}
				}
				l.Applied(1, s, p)
			}
			// say has the host say that it has done what it is told, as far as it can.
			say := func() {
				r := hostReport(1, l.State().Stamp)
				for _, c := range l.State().Desired(r.ID).Components {
					status := lattice.ComponentStatus{ID: c.ID, Ref: c.Ref, Digest: c.Digest, Revision: c.Revision, State: lattice.ComponentRunning}
					if c.Digest == digest(broken) {
						status.State, status.Reason = lattice.ComponentFailed, "component is not valid"
					}
					r.Components = append(r.Components, status)
				}
				l.Heard(1, r.ID, r, true)
			}
			say()
			accept(l.Decide(1, 1, put(1, true)))
			say()
			settle(t, l)
			accept(l.Decide(1, 1, put(broken, true)))
			say()
			p, _, err := l.Round(1, 1)
			accept(p, err)
			if a := l.State().App("shop"); a.Good != 1 || a.Deployed != broken {
				t.Fatalf("version %d is good, and %d deployed, want 1 and %d", a.Good, a.Deployed, broken)
			}
			if test.cmd != nil {
				accept(l.Decide(1, 1, test.cmd))
			}
			settle(t, l)
			switch a := l.State().App("shop"); {
			case a == nil && test.deployed != 0:
				t.Error("the application is gone")
			case a != nil && a.Deployed != test.deployed:
				t.Errorf("version %d is deployed, want %d: %+v", a.Deployed, test.deployed, a.History)
			}
		})
	}
}

// A deployment that an earlier leader may not have written down as a whole ends with its
// application.
func TestOvertakenResume(t *testing.T) {
	s, err := state.New(lattice.DefaultName).Apply(lattice.Stamp{Term: 1, Index: 1}, &state.Entry{
		Changes: []state.Change{state.Put(state.Record{App: &state.App{
			Name: "shop", Versions: []state.Version{{Number: 1, Name: "v1"}}, Last: 1, Deployed: 1,
			History: []state.Deployment{{Number: 1, Name: "v1", What: "deploy", Outcome: state.OutcomeUnderWay}},
		}})},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := lead.New(lead.Options{Term: 2}, 0, s)
	if err := l.Begin(); err != nil {
		t.Fatal(err)
	}
	p, err := l.Decide(1, 1, &control.DeleteApp{App: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Accept(1, p); err != nil {
		t.Fatal(err)
	}
	for _, e := range p.Entries {
		if s, err = s.Apply(lattice.Stamp{Term: 2, Index: s.Stamp.Index + 1}, e); err != nil {
			t.Fatal(err)
		}
	}
	l.Applied(1, s, p)
	settle(t, l)
	if l.State().App("shop") != nil {
		t.Error("the application is there again")
	}
}
