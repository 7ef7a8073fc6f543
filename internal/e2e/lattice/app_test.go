//go:build e2e && linux

package lattice_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"text/template"
	"time"
)

// The guests of the application that is under load, by the path of their requests,
// and how many of their calls run at once.
const (
	helloGuest = "../../guests/incoming_hello/guest.wasm"
	echoGuest  = "../../guests/incoming_echo/guest.wasm"
	// crashing is a guest that crashes at the path /crash.
	crashing = "../../../examples/misbehave/misbehave.wasm"

	helloInstances = 120
	echoInstances  = 60
)

// app is a version of an application, from which its manifest is made.
type app struct {
	Name, Version string
	Parts         []part
}

// part is a component of an application.
type part struct {
	Name, Image string
	Instances   int
	Hosts       int    // at most so many, zero for any number
	Probe       string // a path
	Deadline    string // of its rollout
	Canary      int    // the weight
}

// guestsApp is a version of the application under load, in which hello is a binary
// that answers something.
func guestsApp(version, hello string) *app {
	return &app{Name: "guests", Version: version, Parts: []part{
		{Name: "hello", Image: hello, Instances: helloInstances, Probe: "/hello"},
		{Name: "echo", Image: echoGuest, Instances: echoInstances},
	}}
}

// answering writes a guest that is hello in all but the text with which it answers.
func (n *network) answering(t *testing.T, text string) (file string) {
	t.Helper()
	if len(text) != len("hello") {
		t.Fatalf("the text %q has another length than that of the guest", text)
	}
	b, err := os.ReadFile(helloGuest)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(b, []byte("hello")) != 1 {
		t.Fatalf("%s does not have its answer in one place", helloGuest)
	}
	file = filepath.Join(n.dir, text+".wasm")
	if err := os.WriteFile(file, bytes.Replace(b, []byte("hello"), []byte(text), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// manifest writes the manifest of a version.
func (n *network) manifest(t *testing.T, a *app) (file string) {
	t.Helper()
	made, err := template.ParseFiles("testdata/app.yaml.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	absolute := *a
	absolute.Parts = slices.Clone(a.Parts)
	for i := range absolute.Parts {
		p := &absolute.Parts[i]
		if p.Image, err = filepath.Abs(p.Image); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := made.Execute(&b, &absolute); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(n.dir, a.Name+"-"+a.Version+".yaml")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// deploy has a version run, and waits until it does.
func (l *testLattice) deploy(t *testing.T, a *app) {
	t.Helper()
	if out, err := l.deploying(t, a).CombinedOutput(); err != nil {
		t.Fatalf("deploy %s %s: %v\n%s", a.Name, a.Version, err, out)
	}
	l.ledger.acknowledged(a.Name, a.Version)
}

// deploying is the command that has a version run.
func (l *testLattice) deploying(t *testing.T, a *app, flags ...string) *exec.Cmd {
	t.Helper()
	return l.command(append([]string{"app", "deploy", l.net.manifest(t, a)}, flags...)...)
}

// partStatus is how a component of an application is doing, as `wattle app status`
// has it.
type partStatus struct {
	Name                       string
	Wanted, Placed, Ready, Old int
	Hosts                      []struct {
		Host, Leaving string
		Instances     int
	}
}

// status returns how the components of an application are doing, nil if nobody says.
func (l *testLattice) status(app string) map[string]partStatus {
	out, err := l.command("app", "status", app, "-o", "json").Output()
	var s struct {
		Parts []struct {
			Kind string
			partStatus
		}
	}
	if err != nil || json.Unmarshal(out, &s) != nil {
		return nil
	}
	parts := map[string]partStatus{}
	for _, p := range s.Parts {
		if p.Kind == "component" {
			parts[p.Name] = p.partStatus
		}
	}
	return parts
}

// deployed returns the version of an application that ought to run, empty if nobody
// says.
func (l *testLattice) deployed(t *testing.T, app string) string {
	t.Helper()
	var s struct{ Deployed string }
	if out, err := l.command("app", "status", app, "-o", "json").Output(); err != nil || json.Unmarshal(out, &s) != nil {
		return ""
	}
	return s.Deployed
}

// complete reports whether so many instances as ought to are ready, on those hosts and
// no others, none of which has much more of them than another.
func (p *partStatus) complete(on ...*daemon) bool {
	if p.Wanted == 0 || p.Ready != p.Wanted || p.Old != 0 || len(p.Hosts) != len(on) {
		return false
	}
	for _, h := range p.Hosts {
		i := slices.IndexFunc(on, func(d *daemon) bool { return d.id == h.Host })
		if even := p.Wanted / len(on); i < 0 || h.Leaving != "" || h.Instances < even-1 || h.Instances > even+1 {
			return false
		}
	}
	return true
}

// untilComplete waits until all components of the application under load run on those
// hosts, evenly, and returns how long that took.
func (l *testLattice) untilComplete(t *testing.T, within time.Duration, on ...*daemon) time.Duration {
	t.Helper()
	var last map[string]partStatus
	defer func() {
		if t.Failed() {
			t.Logf("at last: %+v", last)
		}
	}()
	return eventually(t, within, fmt.Sprintf("all instances are ready on %d hosts", len(on)), func() bool {
		last = l.status("guests")
		if len(last) != len(guests) {
			return false
		}
		for _, p := range last {
			if !p.complete(on...) {
				return false
			}
		}
		return true
	})
}
