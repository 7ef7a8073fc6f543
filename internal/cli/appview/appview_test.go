package appview_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/internal/cli/appview"
	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

const (
	one = lattice.HostID("NAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	two = lattice.HostID("NBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB")
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// degraded is an application of which a part has no host.
func degraded() *control.AppStatus {
	return &control.AppStatus{
		AppSummary: control.AppSummary{
			App: "shop", Version: "1.5.0", Versions: 3, Deployed: "1.5.0", Phase: control.AppDegraded,
			Reason: "component \"cart\": no host for 1 instance", Ready: 1, Components: 2, Changed: now.Add(-3 * time.Minute),
		},
		Parts: []control.PartStatus{
			{
				Kind: "component", Name: "front", ID: "shop-front", Phase: control.AppReady, Revision: 4, Wanted: 1, Placed: 1, Ready: 1,
				Hosts: []control.PartHost{{Host: one, Name: "edge-1", Revision: 4, Instances: 1, State: lattice.ComponentRunning, Why: "most room of 2 hosts", Since: now.Add(-time.Hour)}},
				URLs:  []string{"http://shop-front.localhost:8000/"},
			},
			{
				Kind: "component", Name: "cart", ID: "shop-cart", Phase: control.AppDegraded, Reason: "no host for 1 instance", Revision: 2, Wanted: 2, Placed: 1, Ready: 1,
				Hosts: []control.PartHost{{Host: one, Revision: 2, Instances: 1, State: lattice.ComponentRunning}},
			},
			{Kind: "link", Name: "front -> cart", Phase: control.AppReady},
		},
	}
}

func explanation() *control.AppExplanation {
	return &control.AppExplanation{App: "shop", Components: []control.ComponentExplanation{{
		Name: "cart", ID: "shop-cart", Rules: []string{"2 instances, on hosts with label zone=a"},
		Hosts:   []control.PartHost{{Host: one, Name: "edge-1", Revision: 2, Instances: 1, State: lattice.ComponentRunning, Why: "most room of 2 hosts"}},
		Missing: 1,
		Passed:  []control.PassedHosts{{Why: "label zone is \"b\", want \"a\"", Count: 9, Hosts: []lattice.HostID{two}}},
		Links:   []control.LinkedExplain{{Link: "demo:store/items", Target: "store", Phase: control.AppWaiting, Reason: "no component \"store\" is deployed"}},
	}}}
}

func names(id lattice.HostID) string {
	if id == two {
		return "edge-2"
	}
	return id.Short()
}

func TestStatus(t *testing.T) {
	var b strings.Builder
	if err := appview.Status(&b, degraded(), now, false); err != nil {
		t.Fatal(err)
	}
	want := `shop, version 1.5.0: degraded, 1 of 2 components ready
  component "cart": no host for 1 instance

KIND       NAME           PHASE                             READY  REVISION  HOSTS
component  front          ready                             1/1    4         edge-1
component  cart           degraded: no host for 1 instance  1/2    2         NAAAAAAAA
link       front -> cart  ready                             -      -         -

  http://shop-front.localhost:8000/

what can be done
  see which hosts were passed over, and why: wattle app explain shop cart
  start hosts that fit, or change their labels: wattle hostgroup run, wattle host label
  or ask for less: wattle app scale shop cart --instances N
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.Reset()
	if err := appview.Status(&b, degraded(), now, true); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"  ID         ", "COMPONENT  HOST", "most room of 2 hosts", "60m"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("wide has no %q:\n%s", part, &b)
		}
	}
}

func TestExplain(t *testing.T) {
	var b strings.Builder
	if err := appview.Explain(&b, explanation(), degraded(), names, now); err != nil {
		t.Fatal(err)
	}
	want := `shop, version 1.5.0: degraded, 1 of 2 components ready
  component "cart": no host for 1 instance

cart, on the lattice shop-cart: degraded, 1 of 2 instances ready
  no host for 1 instance
  what it asks of hosts
    2 instances, on hosts with label zone=a
  where it runs
    edge-1: 1 instance of revision 2, running
      most room of 2 hosts
  no host was found for 1 instance
  hosts that were passed over
    9 hosts: edge-2 and 8 more
      label zone is "b", want "a"
  what it calls
    demo:store/items -> store: waiting
      no component "store" is deployed

what can be done
  start hosts that fit, or change their labels: wattle hostgroup run, wattle host label
  or ask for less: wattle app scale shop cart --instances N
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestExplainOnce demands that a long reason which several hosts have is written once.
func TestExplainOnce(t *testing.T) {
	e := explanation()
	c := &e.Components[0]
	const reason = "probe: GET /: 502\n\ntrap: unreachable\n  0: main"
	c.Hosts = []control.PartHost{
		{Host: one, Name: "edge-1", Reason: reason}, {Host: two, Name: "edge-2", Reason: reason}, {Host: two, Name: "edge-3", Reason: "short"}, {Host: two, Name: "edge-4", Reason: "short"},
	}
	var b strings.Builder
	if err := appview.Explain(&b, e, degraded(), names, now); err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string]int{"trap: unreachable": 1, "probe: GET /: 502 … (all of it is the same as on edge-1)": 1, "short": 2} {
		if n := strings.Count(b.String(), part); n != want {
			t.Errorf("%q is there %d times, want %d:\n%s", part, n, want, &b)
		}
	}
}

// TestHostile demands that nothing which the scheduler passes on can do more to a
// terminal than show.
func TestHostile(t *testing.T) {
	const bad = "x\x1b[2J\r\u009b1m\ny"
	s, e := degraded(), explanation()
	s.App, s.Deployed, s.Phase, s.Reason, s.Description = bad, bad, bad, strings.Repeat(bad, 50), bad
	for i := range s.Parts {
		p := &s.Parts[i]
		p.Kind, p.Name, p.ID, p.Phase, p.Reason, p.Ref, p.URLs = bad, bad, bad, control.AppFailed, bad, bad, []string{bad}
	}
	s.Parts[1].Kind = "component"
	s.Parts[1].Hosts[0] = control.PartHost{Host: bad, Name: bad, State: bad, Reason: bad, Why: bad, Leaving: bad}
	c := &e.Components[0]
	*c = control.ComponentExplanation{
		Name: bad, ID: bad, Rules: []string{bad}, Hosts: s.Parts[1].Hosts, Missing: 1,
		Passed: []control.PassedHosts{{Why: bad, Count: 1, Hosts: []lattice.HostID{bad}}},
		Links:  []control.LinkedExplain{{Link: bad, Target: bad, Phase: bad, Reason: bad}},
	}
	var b strings.Builder
	table := show.Table{Columns: appview.ListColumns, Wide: true}
	history := show.Table{Columns: appview.HistoryColumns, Wide: true}
	deployed := &control.AppHistory{Deployments: []control.Deployed{{Version: bad, What: bad, By: bad, Outcome: bad, Reason: bad}}}
	for _, err := range []error{
		appview.Status(&b, s, now, true),
		appview.Explain(&b, e, s, func(id lattice.HostID) string { return string(id) }, now),
		table.Write(&b, appview.List([]control.AppSummary{s.AppSummary}, now)),
		history.Write(&b, appview.History(deployed)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range appview.Progress(s) {
		b.WriteString(l.Key + l.Text)
	}
	for _, step := range appview.Next(s) {
		b.WriteString(step)
	}
	if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && unicode.IsControl(r) }); i >= 0 {
		t.Errorf("a control character at %d of %q", i, b.String())
	}
	if n := strings.Count(b.String(), "\n"); n > 150 {
		t.Errorf("%d lines", n)
	}
}

func TestNext(t *testing.T) {
	part := func(p control.PartStatus) *control.AppStatus {
		return &control.AppStatus{AppSummary: control.AppSummary{App: "shop", Phase: p.Phase, Before: "1.4.0"}, Parts: []control.PartStatus{p}}
	}
	for name, c := range map[string]struct {
		status *control.AppStatus
		want   []string
	}{
		"ready":      {&control.AppStatus{AppSummary: control.AppSummary{Phase: control.AppReady}}, nil},
		"undeployed": {&control.AppStatus{AppSummary: control.AppSummary{App: "shop", Phase: control.AppUndeployed}}, []string{"run it: wattle app deploy shop"}},
		"canary": {
			part(control.PartStatus{Kind: "component", Name: "c", Phase: control.AppCanary}),
			[]string{"have the new version take all calls: wattle app promote shop", "go back to version 1.4.0: wattle app rollback shop"},
		},
		"config": {part(control.PartStatus{Kind: "config", Name: "keys", Phase: control.AppWaiting}), []string{"give configuration keys its values: wattle config put keys KEY=VALUE"}},
		"link":   {part(control.PartStatus{Kind: "link", Name: "a -> b", Phase: control.AppWaiting}), []string{"deploy what link a -> b leads to, or take the link out of the manifest"}},
		"failed first": {
			&control.AppStatus{AppSummary: control.AppSummary{App: "shop", Phase: control.AppFailed}},
			[]string{"see what became of its versions: wattle app history shop"},
		},
		"failed": {
			part(control.PartStatus{Kind: "component", Name: "c", ID: "shop-c", Phase: control.AppFailed}),
			[]string{"read what component c writes: wattle component logs shop-c", "see what became of its versions: wattle app history shop", "go back to version 1.4.0: wattle app rollback shop"},
		},
	} {
		if diff := cmp.Diff(c.want, appview.Next(c.status)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestProgress(t *testing.T) {
	s := degraded()
	s.Parts[0].Phase, s.Parts[0].Ready, s.Parts[0].Old = control.AppProgressing, 0, 1
	s.Parts[0].Hosts[0].State = lattice.ComponentStarting
	s.Parts[2].Phase, s.Parts[2].Reason = control.AppWaiting, "no target"
	want := []appview.Line{
		{Key: "component front", Text: "0 of 1 ready, 1 of the version before: starting on edge-1"},
		{Key: "component cart", Text: "1 of 2 ready, degraded: no host for 1 instance"},
		{Key: "link front -> cart", Text: "waiting: no target"},
	}
	if diff := cmp.Diff(want, appview.Progress(s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a link leads to is away: that is said, with what can be done, and changes no phase.
// What calls a component is not among what it calls.
func TestFaults(t *testing.T) {
	s := degraded()
	s.Phase, s.Reason = control.AppReady, ""
	s.Parts = []control.PartStatus{{
		Kind: "component", Name: "front", ID: "shop-front", Phase: control.AppReady, Placed: 1, Ready: 1, Wanted: 1,
		Hosts: []control.PartHost{{Name: "one", State: lattice.ComponentRunning, Faults: []lattice.LinkFault{{
			Link: "db", Capability: "postgres", Reason: "the database cannot be reached", Since: now.Add(-12 * time.Second),
		}}}},
	}}
	const fault = "link db (postgres): the database cannot be reached (since 12s)\n"
	var b strings.Builder
	if err := appview.Status(&b, s, now, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"component front on host one: " + fault, "what link db leads to"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the status lacks %q:\n%s", want, b.String())
		}
	}
	b.Reset()
	e := &control.AppExplanation{App: "shop", Components: []control.ComponentExplanation{{Name: "front", ID: "shop-front", Hosts: s.Parts[0].Hosts, Links: []control.LinkedExplain{
		{Link: "shop:x/{y}", Target: "shop-back", Phase: control.AppReady},
		{Link: "wasmcloud:messaging/{handler}", Target: "shop-front", Source: "shop-bus", Phase: control.AppReady},
	}}}}
	if err := appview.Explain(&b, e, s, names, now); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{fault, "  what it calls\n    shop:x/{y} -> shop-back: ready\n", "  what calls it\n    shop-bus: wasmcloud:messaging/{handler}: ready\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the explanation lacks %q:\n%s", want, b.String())
		}
	}
}
