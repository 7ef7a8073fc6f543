package decide_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/decide"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// shop is the manifest of an application of two components, of which one is linked to the
// other.
func shop(version string, instances int) string {
	return fmt.Sprintf(`apiVersion: core.oam.dev/v1beta1
kind: Application
metadata:
  name: shop
  annotations:
    version: %s # what is sold
spec:
  components:
    - name: front
      type: component
      properties:
        image: ./front.wasm
        config:
          - name: prices
            properties: {bread: "3"}
      traits:
        - type: spreadscaler
          properties:
            instances: %d # as many as there are clerks
        - type: routes.wattle.dev
          properties: {routes: [{path: /shop}]}
        - type: link
          properties:
            namespace: shop
            package: stock
            interfaces: [count]
            target: {name: back}
    - name: back
      type: component
      properties: {image: ./back.wasm}
      traits:
        - type: spreadscaler
          properties: {instances: 2}
`, version, instances)
}

// other is an application of one component with a route.
func other(path string) string {
	return fmt.Sprintf(`apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: other, annotations: {}}
spec:
  components:
    - name: x
      type: component
      properties: {image: ./x.wasm}
      traits:
        - {type: spreadscaler, properties: {instances: 1}}
        - {type: routes.wattle.dev, properties: {routes: [{path: %s}]}}
`, path)
}

// servers is a manifest of two MCP servers.
func servers(x, y string) string {
	return fmt.Sprintf(`apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: servers, annotations: {}}
spec:
  components:
    - name: x
      type: component
      properties: {image: ./x.wasm}
      traits:
        - {type: mcp.wattle.dev, properties: {server: %s}}
    - name: y
      type: component
      properties: {image: ./x.wasm}
      traits:
        - {type: mcp.wattle.dev, properties: {server: %s}}
`, x, y)
}

func digests(front, back int) map[string]string {
	return map[string]string{"./front.wasm": digest(front), "./back.wasm": digest(back)}
}

// What a manifest has becomes records, and runs.
func TestDeploy(t *testing.T) {
	w := newWorld(t, 2)
	r := w.app(&control.PutApp{Manifest: shop("v1", 4), Digests: digests(1, 2), Deploy: true, By: "ann"})
	if !r.Created || !r.NewVersion || r.Version != "v1" || r.Number != 1 || r.Deployed != "v1" || r.Versions != 1 {
		t.Errorf("result %+v, want version v1 created and deployed", r)
	}
	if s := w.status("shop"); s.Phase != control.AppProgressing {
		t.Errorf("status %+v, want progressing", s)
	}
	w.settle(works)
	s := w.status("shop")
	if s.Phase != control.AppReady || s.Ready != 2 || s.Components != 2 {
		t.Errorf("status %+v, want ready", s)
	}
	front := w.state().Component("shop-front")
	if front.App != "shop" || front.Rules.Instances != 4 || len(front.TargetRevision().Links) != 1 || len(front.TargetRevision().Routes) != 1 {
		t.Errorf("component %+v", front)
	}
	for i := range 2 {
		d := w.state().Desired(hostID(i))
		for _, c := range d.Components {
			if c.ID == "shop-front" && (c.Config["bread"] != "3" || len(c.Links) != 1 || c.Links[0].Target != "shop-back") {
				t.Errorf("host %d is told %+v", i, c)
			}
		}
	}
	if c := w.state().Config("shop-prices"); c == nil || c.App != "shop" {
		t.Errorf("config %+v, want one of the application", c)
	}
	app := w.state().App("shop")
	if app.Good != 1 || len(app.History) != 1 || app.History[0].Outcome != state.OutcomeReady || app.History[0].By != "ann" {
		t.Errorf("application %+v, want version 1 good, by ann", app)
	}
}

// A new version changes what differs and nothing else, and removes what it has no more.
func TestNewVersion(t *testing.T) {
	w := newWorld(t, 2)
	w.app(&control.PutApp{Manifest: shop("v1", 4), Digests: digests(1, 2), Deploy: true})
	w.settle(works)
	back := w.state().Component("shop-back")
	w.app(&control.PutApp{Manifest: shop("v2", 4), Digests: digests(3, 2), Deploy: true})
	if w.state().Component("shop-back") != back {
		t.Error("a component that did not change was changed")
	}
	if front := w.state().Component("shop-front"); front.Target != 2 || front.TargetRevision().Digest != digest(3) {
		t.Errorf("component %+v, want revision 2", front)
	}
	w.settle(works)
	without, _, _ := strings.Cut(shop("v3", 4), "        - type: link\n")
	w.app(&control.PutApp{Manifest: without, Digests: map[string]string{"./front.wasm": digest(3)}, Deploy: true})
	// The front of before may call it until that is gone.
	if c := w.state().Component("shop-back"); c == nil || c.Dropped != 3 {
		t.Errorf("component %+v, want it to go with version 3", c)
	}
	w.settle(works)
	if w.state().Component("shop-back") != nil || w.state().Placements("shop-back") != nil {
		t.Error("a component stays that the version has no more")
	}
	if front := w.state().Component("shop-front"); len(front.TargetRevision().Links) != 0 {
		t.Errorf("links stay: %+v", front.TargetRevision())
	}
	w.app(&control.UndeployApp{App: "shop"})
	if w.state().Len(state.KindComponent) != 0 || w.state().Len(state.KindConfig) != 0 {
		t.Error("something of an application that was undeployed stays")
	}
	if s := w.status("shop"); s.Phase != control.AppUndeployed || s.Versions != 3 {
		t.Errorf("status %+v, want undeployed with three versions", s)
	}
}

// What a version lacks that does not get ready is there when it is taken back.
func TestDroppedAndRolledBack(t *testing.T) {
	w := newWorld(t, 2)
	w.app(&control.PutApp{Manifest: shop("v1", 4), Digests: digests(1, 2), Deploy: true})
	w.settle(works)
	placed := w.state().Placements("shop-back")
	without, _, _ := strings.Cut(shop("v2", 4), "        - type: link\n")
	w.app(&control.PutApp{Manifest: without, Digests: map[string]string{"./front.wasm": digest(3)}, Deploy: true})
	w.settle(func(c *lattice.ComponentSpec) string {
		if c.Digest == digest(3) {
			return "it has no export"
		}
		return ""
	})
	if app := w.state().App("shop"); app.Deployed != 1 {
		t.Fatalf("application %+v, want version 1 deployed", app)
	}
	if c := w.state().Component("shop-back"); c == nil || c.Dropped != 0 || w.state().Placements("shop-back") != placed {
		t.Errorf("component %+v, want it as it was", c)
	}
}

// A route passes from one component of an application to another.
func TestRoutePasses(t *testing.T) {
	w := newWorld(t, 1)
	w.app(&control.PutApp{Manifest: other("/a"), Digests: map[string]string{"./x.wasm": digest(1)}, Deploy: true})
	w.settle(works)
	renamed := strings.Replace(other("/a"), "name: x", "name: y", 1)
	w.app(&control.PutApp{Manifest: renamed, Digests: map[string]string{"./x.wasm": digest(1)}, Deploy: true})
	w.settle(works)
	if w.state().Component("other-x") != nil || len(w.state().Component("other-y").TargetRevision().Routes) != 1 {
		t.Error("the route did not pass from one to the other")
	}
	twice := strings.Replace(other("/a"), "  components:\n", `  components:
    - name: z
      type: component
      properties: {image: ./x.wasm}
      traits:
        - {type: routes.wattle.dev, properties: {routes: [{path: /a}]}}
`, 1)
	_, err := w.try(&control.PutApp{Manifest: twice, Digests: map[string]string{"./x.wasm": digest(1)}, Deploy: true})
	if !errors.Is(err, lattice.ErrExists) {
		t.Errorf("error %v, want %v: two components have the route", err, lattice.ErrExists)
	}
}

// A version that does not get ready is taken back by itself, and the history says why.
func TestAutomaticRollback(t *testing.T) {
	w := newWorld(t, 2)
	w.app(&control.PutApp{Manifest: shop("v1", 4), Digests: digests(1, 2), Deploy: true})
	w.settle(works)
	w.app(&control.PutApp{Manifest: shop("v2", 4), Digests: digests(3, 2), Deploy: true})
	w.settle(func(c *lattice.ComponentSpec) string {
		if c.Digest == digest(3) {
			return "it has no export"
		}
		return ""
	})
	app := w.state().App("shop")
	if app.Deployed != 1 || len(app.History) != 3 || app.History[1].Outcome != state.OutcomeRolledBack || !strings.Contains(app.History[1].Reason, "it has no export") {
		t.Fatalf("application %+v, want version 2 rolled back to version 1", app)
	}
	if h := app.History[2]; h.What != "automatic rollback" || h.Outcome != state.OutcomeReady {
		t.Errorf("deployment %+v, want an automatic rollback that got ready", h)
	}
	for i := range 2 {
		for _, c := range w.state().Desired(hostID(i)).Components {
			if c.Digest == digest(3) {
				t.Errorf("host %d is told %+v", i, c)
			}
		}
	}
	s := w.status("shop")
	if s.Phase != control.AppReady || !strings.Contains(s.Reason, `version "v2" was rolled back`) {
		t.Errorf("status %+v, want ready and why it is not v2", s.AppSummary)
	}
}

// A first version that does not get ready has nothing to go back to: it has failed.
func TestFirstFails(t *testing.T) {
	w := newWorld(t, 1)
	w.app(&control.PutApp{Manifest: shop("v1", 4), Digests: digests(1, 2), Deploy: true})
	w.settle(func(*lattice.ComponentSpec) string { return "it has no export" })
	app := w.state().App("shop")
	if app.Deployed != 1 || app.Good != 0 || len(app.History) != 1 || app.History[0].Outcome != state.OutcomeFailed {
		t.Errorf("application %+v, want a deployment that failed", app)
	}
	if s := w.status("shop"); s.Phase != control.AppFailed || s.Before != "" || !strings.Contains(s.Reason, "it has no export") {
		t.Errorf("status %+v, want failed with the reason, and nothing to go back to", s.AppSummary)
	}
	// Who deploys it again has it tried again: what hosts said before is not about that.
	w.app(&control.DeployApp{App: "shop"})
	if s := w.status("shop"); s.Phase == control.AppFailed {
		t.Errorf("status %+v, want one that is under way", s.AppSummary)
	}
	w.settle(works)
	if s, c := w.status("shop"), w.state().Component("shop-front"); s.Phase != control.AppReady || c.Target != 2 {
		t.Errorf("status %+v and revision %d, want ready with revision 2", s.AppSummary, c.Target)
	}
}

// To scale is a new version whose text has another number, and all else as it was.
func TestScaleApp(t *testing.T) {
	w := newWorld(t, 2)
	w.app(&control.PutApp{Manifest: shop("v1", 4), Digests: digests(1, 2), Deploy: true})
	// The image stands for something else by now, which is not what runs.
	w.do(&control.StartComponent{ID: "elsewhere", Ref: "./front.wasm", Digest: digest(9)})
	r := w.app(&control.ScaleApp{App: "shop", Component: "front", Instances: 12, By: "ann"})
	if !r.NewVersion || r.Version != "v1-2" || r.Deployed != "v1-2" {
		t.Errorf("result %+v, want version v1-2", r)
	}
	want := strings.Replace(shop("v1-2", 12), "", "", 1)
	if got := w.state().Manifest("shop", 2).Text; got != want {
		t.Errorf("text\n%s\nwant\n%s", got, want)
	}
	front := w.state().Component("shop-front")
	if front.Rules.Instances != 12 || front.TargetRevision().Digest != digest(1) || front.Target != 1 {
		t.Errorf("component %+v, want 12 instances of the same revision", front)
	}
	r = w.app(&control.ScaleApp{App: "shop", Component: "front", Instances: 3})
	if r.Version != "v1-3" || w.state().Manifest("shop", 3).Text != shop("v1-3", 3) {
		t.Errorf("result %+v, want version v1-3", r)
	}
}

// What cannot be changed in place for certain is not.
func TestScaleRefused(t *testing.T) {
	for name, edit := range map[string]func(string) string{
		"no scaler": func(s string) string {
			before, after, _ := strings.Cut(s, "        - type: spreadscaler\n")
			return before + after[strings.Index(after, "        - type"):]
		},
		"shared number": func(s string) string {
			s = strings.Replace(s, "instances: 4", "instances: &n 4", 1)
			return strings.Replace(s, "{instances: 2}", "{instances: *n}", 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			w.app(&control.PutApp{Manifest: edit(shop("v1", 4)), Digests: digests(1, 2), Deploy: true})
			_, err := w.try(&control.ScaleApp{App: "shop", Component: "front", Instances: 12})
			if !errors.Is(err, lattice.ErrInvalid) || !strings.Contains(err.Error(), "change its instances in the manifest") {
				t.Errorf("error %v, want what to do instead", err)
			}
		})
	}
}

// An application that finds no host waits, and says for what.
func TestWaits(t *testing.T) {
	w := newWorld(t, 1)
	w.hosts[hostID(0)].State = lattice.HostCordoned
	w.report()
	w.app(&control.PutApp{Manifest: shop("v1", 4), Digests: digests(1, 2), Deploy: true})
	w.rounds()
	s := w.status("shop")
	if s.Phase != control.AppWaiting || !strings.Contains(s.Reason, "host") {
		t.Fatalf("status %+v, want waiting for a host", s.AppSummary)
	}
	w.hosts[hostID(0)].State = lattice.HostReady
	w.report()
	w.settle(works)
	if s := w.status("shop"); s.Phase != control.AppReady {
		t.Errorf("status %+v, want ready", s.AppSummary)
	}
}

// Versions and deployments are kept, and not without end.
func TestVersionsAreBounded(t *testing.T) {
	w := newWorld(t, 1)
	for i := range 3 * decide.MaxVersions {
		w.app(&control.PutApp{Manifest: shop(fmt.Sprintf("v%d", i+1), i+1), Digests: digests(1, 2), Deploy: true})
		if i == 0 {
			w.settle(works)
		}
	}
	app := w.state().App("shop")
	if n := len(app.Versions); n > decide.MaxVersions+2 {
		t.Errorf("%d versions, want no more than %d", n, decide.MaxVersions+2)
	}
	if app.Version(app.Good) == nil || app.Version(app.Deployed) == nil {
		t.Errorf("application %+v lacks the version that is deployed, or the good one", app)
	}
	if n := len(app.History); n > decide.MaxHistory {
		t.Errorf("%d deployments, want no more than %d", n, decide.MaxHistory)
	}
	n := 0
	for range w.state().Manifests("shop") {
		n++
	}
	if n != len(app.Versions) {
		t.Errorf("%d manifests of %d versions", n, len(app.Versions))
	}
}

// A version without a name is given one, and the same manifest again is the same version.
func TestVersionMadeUp(t *testing.T) {
	w := newWorld(t, 1)
	put := &control.PutApp{Manifest: other("/a"), Digests: map[string]string{"./x.wasm": digest(1)}}
	one, again := w.app(put), w.app(put)
	if one.Version == "" || again.Version != one.Version || again.Changed || again.Versions != 1 {
		t.Errorf("results %+v and %+v, want the same version", one, again)
	}
	put.Digests = map[string]string{"./x.wasm": digest(2)}
	if two := w.app(put); two.Version == one.Version || !two.NewVersion {
		t.Errorf("result %+v, want a new version for another binary", two)
	}
}

// A component of another application is found under the ID that it has there, and only if
// that application shares it.
func TestShared(t *testing.T) {
	w := newWorld(t, 1)
	user := `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: user, annotations: {}}
spec:
  components:
    - name: x
      type: component
      properties: {image: ./x.wasm}
      traits:
        - {type: spreadscaler, properties: {instances: 1}}
        - type: link
          properties: {namespace: shop, package: stock, interfaces: [count], target: {name: stock}}
    - name: stock
      type: component
      properties: {application: {name: depot, component: stock}}
`
	depot := `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: depot, annotations: {SHARED}}
spec:
  components:
    - name: stock
      type: component
      properties: {image: ./stock.wasm, id: the-stock}
      traits:
        - {type: spreadscaler, properties: {instances: 1}}
`
	put := &control.PutApp{Manifest: user, Digests: map[string]string{"./x.wasm": digest(1)}, Deploy: true}
	w.app(&control.PutApp{Manifest: strings.Replace(depot, "SHARED", "", 1), Digests: map[string]string{"./stock.wasm": digest(2)}, Deploy: true})
	if _, err := w.try(put); !errors.Is(err, lattice.ErrDenied) || !strings.Contains(err.Error(), "experimental.wasmcloud.dev/shared") {
		t.Errorf("error %v, want %v with what to do", err, lattice.ErrDenied)
	}
	w.app(&control.PutApp{Manifest: strings.Replace(depot, "SHARED", `experimental.wasmcloud.dev/shared: "true"`, 1), Digests: map[string]string{"./stock.wasm": digest(2)}, Deploy: true})
	w.app(put)
	if got := w.state().Component("user-x").TargetRevision().Links[0].Target; got != "the-stock" {
		t.Errorf("the link leads to %q, want the-stock", got)
	}
	r := w.app(&control.UndeployApp{App: "depot"})
	const used = `component "stock" of it is still used by application "user": their calls fail until it is deployed again`
	if !slices.Contains(r.Notes, used) {
		t.Errorf("notes %q, want who uses it", r.Notes)
	}
	w.settle(works)
	if s := w.status("user"); s.Phase != control.AppWaiting || !strings.Contains(s.Reason, `"the-stock" is not there`) {
		t.Errorf("status %+v, want waiting for the target", s.AppSummary)
	}
}

// A deployment of which only the beginning is in the log is finished by who leads next.
func TestResume(t *testing.T) {
	w := newWorld(t, 1)
	w.app(&control.PutApp{Manifest: shop("v1", 2), Digests: digests(1, 2)})
	app := *w.state().App("shop")
	app.Deployed = 1
	app.History = []state.Deployment{{Number: 1, Name: "v1", What: "deploy", Outcome: state.OutcomeUnderWay}}
	half, err := w.state().Apply(lattice.Stamp{Term: 1, Index: 9}, &state.Entry{Base: w.state().Seq, Changes: []state.Change{state.Put(state.Record{App: &app})}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := decide.Resume(decide.In{State: half, Hosts: func(lattice.HostID) *decide.Host { return nil }}, "shop")
	if err != nil || len(d.Touched) != 2 {
		t.Fatalf("decision %+v, %v, want both components", d, err)
	}
	after, err := half.With(d.Changes...)
	if err != nil {
		t.Fatal(err)
	}
	if got := after.App("shop"); len(got.History) != 1 || after.Component("shop-front") == nil {
		t.Errorf("application %+v, want its components and no further deployment", got)
	}
	again, err := decide.Resume(decide.In{State: after, Hosts: func(lattice.HostID) *decide.Host { return nil }}, "shop")
	if err != nil || len(again.Changes) != 0 {
		t.Errorf("decision %+v, %v, want nothing more to do", again, err)
	}
}

// Whoever deletes what runs is told that it is undeployed.
func TestDeleteDeployed(t *testing.T) {
	w := newWorld(t, 1)
	put := func(version string, deploy bool) {
		w.app(&control.PutApp{Manifest: shop(version, 1), Digests: digests(1, 2), Deploy: deploy})
	}
	put("v1", true)
	put("v2", false)
	for _, test := range []struct {
		cmd  *control.DeleteApp
		says string
	}{
		{&control.DeleteApp{App: "shop", Version: "v2"}, ""},
		{&control.DeleteApp{App: "shop", Version: "v1"}, "the application is undeployed"},
		{&control.DeleteApp{App: "shop"}, "there was none"},
	} {
		if got := strings.Join(w.app(test.cmd).Notes, "\n"); (got == "") != (test.says == "") || !strings.Contains(got, test.says) {
			t.Errorf("%+v: %q, want %q", test.cmd, got, test.says)
		}
	}
	put("v1", true)
	put("v2", false)
	if got := strings.Join(w.app(&control.DeleteApp{App: "shop"}).Notes, "\n"); !strings.Contains(got, `version "v1" of it was deployed: it is undeployed`) {
		t.Errorf("delete what runs: %q", got)
	}
	if n := w.hostsOf("shop-front"); n != "none" {
		t.Errorf("it still runs: %s", n)
	}
}
