package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/internal/cli"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// desk answers commands as a scheduler would that has seen what a test says.
type desk struct {
	*testing.T
	lattice lattice.Lattice
	as      []string // the flags with which commands find it

	mu      sync.Mutex
	answers map[string][]any // by the name of the command, one after the other; the last one stays
	asked   []control.Command
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	m, keys := newMachines(t)
	m.nats()
	creds := m.creds(keys, trust.RoleScheduler, "desk")
	l, err := natslattice.Connect(t.Context(), natslattice.Options{URLs: []string{m.url}, CredentialsFile: creds})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &desk{T: t, lattice: l, as: []string{"--nats", m.url, "--creds", m.creds(keys, trust.RoleOperator, "ann")}}
	buckets := wire.Buckets{Lattice: lattice.DefaultName}
	if _, err := l.Objects(t.Context(), buckets.Artifacts(), true); err != nil {
		t.Fatal(err)
	}
	if _, err := l.CreateBucket(t.Context(), lattice.BucketConfig{Name: buckets.Hosts()}); err != nil {
		t.Fatal(err)
	}
	for _, name := range control.Names() {
		if _, err := l.Subscribe(wire.Subjects{Lattice: lattice.DefaultName}.Control(name), "", func(msg *lattice.Message) { d.answer(name, msg) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) answer(name string, m *lattice.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	cmd, err := control.Decode(name, m.Data)
	d.asked = append(d.asked, cmd)
	var answer any
	switch {
	case err != nil:
		d.Error(err)
	case len(d.answers[name]) == 0:
		err = lattice.ErrNotFound
	default:
		answer, err = d.answers[name][0], nil
		if more := d.answers[name][1:]; len(more) > 0 {
			d.answers[name] = more
		}
	}
	if err := d.lattice.Publish(&lattice.Message{Subject: m.Reply, Data: control.EncodeReply(answer, err)}); err != nil {
		d.Error(err)
	}
}

// run runs a command against answers.
func (d *desk) run(answers map[string][]any, args ...string) (stdout, stderr string, code int) {
	d.Helper()
	d.mu.Lock()
	d.answers, d.asked = answers, nil
	d.mu.Unlock()
	if args[0] != "__complete" {
		args = slices.Concat(args, d.as)
	}
	var o, e bytes.Buffer
	code = cli.Main(d.Context(), &cli.Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: &o, Stderr: &e, Getenv: func(string) string { return "" },
	})
	return o.String(), e.String(), code
}

const deskManifest = `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata:
  name: shop
  annotations: {version: 2.0.0}
spec:
  components:
    - name: cart
      type: component
      properties: {image: ./hello.wasm}
      traits:
        - type: spreadscaler
          properties: {instances: 2}
        - type: rollout.wattle.dev
          properties: {rollout: {canary: {weight: 10}}}
`

func deskStatus(version string, phase control.AppPhase, reason string, ready int) *control.AppStatus {
	return &control.AppStatus{
		AppSummary: control.AppSummary{App: "shop", Version: "2.0.0", Versions: 2, Deployed: version, Phase: phase, Reason: reason, Ready: ready / 2, Components: 1},
		Parts: []control.PartStatus{{
			Kind: "component", Name: "cart", ID: "shop-cart", Phase: phase, Reason: reason, Revision: 2, Wanted: 2, Placed: 2, Ready: ready,
			Hosts: []control.PartHost{{Host: "N1", Name: "edge-1", Revision: 2, Instances: 2, State: lattice.ComponentRunning, Why: "it has room"}},
		}},
	}
}

func deskHistory(outcome, reason string) *control.AppHistory {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return &control.AppHistory{App: "shop", Deployments: []control.Deployed{
		{Version: "1.0.0", Number: 1, What: "deploy", At: at, By: "ann", Outcome: "ready", Ended: at.Add(time.Second)},
		{Version: "2.0.0", Number: 2, What: "deploy", At: at.Add(time.Hour), By: "ann", Outcome: outcome, Ended: at.Add(time.Hour + 9*time.Second), Reason: reason},
	}}
}

// TestDeploy has a deployment end in all ways in which one can.
func TestDeploy(t *testing.T) {
	d := newDesk(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "wattle.yaml")
	if err := os.WriteFile(file, []byte(deskManifest), 0o600); err != nil {
		t.Fatal(err)
	}
	wasm, err := os.ReadFile("../../examples/hello-http/hello.wasm")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "hello.wasm"), wasm, 0o600); err != nil {
		t.Fatal(err)
	}
	put := &control.AppResult{Result: control.Result{Changed: true, Notes: []string{"a \x1b[2Jnote"}}, App: "shop", Version: "2.0.0", Number: 2, NewVersion: true, Versions: 2, Deployed: "2.0.0"}
	var (
		coming    = deskStatus("2.0.0", control.AppProgressing, "host edge-1: it compiles\x1b[2J", 0)
		ready     = deskStatus("2.0.0", control.AppReady, "", 2)
		failed    = deskStatus("2.0.0", control.AppFailed, "it traps", 0)
		back      = deskStatus("1.0.0", control.AppReady, "", 2)
		canary    = deskStatus("2.0.0", control.AppCanary, "10 of a hundred calls go to revision 2", 1)
		nothing   = &control.AppStatus{AppSummary: control.AppSummary{App: "shop", Phase: control.AppUndeployed}}
		stored    = &control.AppVersion{App: "shop", Version: "2.0.0", Number: 2, Manifest: deskManifest}
		undeploy  = &control.AppResult{Result: control.Result{Changed: true}, App: "shop", Versions: 2}
		everybody = []any{coming, coming, ready}
	)
	failed.Before = "1.0.0"
	for _, c := range []struct {
		name    string
		args    []string
		answers map[string][]any
		code    int
		outcome string
		stdout  string // of -o text
		stderr  []string
	}{
		{
			"ready",
			[]string{"app", "deploy", file},
			map[string][]any{"app.put": {put}, "app.status": everybody},
			0, "ready", "shop version 2.0.0 deployed: 1 component ready\n",
			[]string{"shop: component cart: 0 of 2 ready: host edge-1: it compiles�[2J\n", "shop: component cart: 2 of 2 ready\n", "a �[2Jnote"},
		},
		{
			"rolled back",
			[]string{"app", "deploy", file},
			map[string][]any{"app.put": {put}, "app.status": {coming, failed, back}, "app.history": {deskHistory("under way", ""), deskHistory("rolled back", "it traps")}},
			1, "rolled back", "",
			[]string{`application "shop" version 2.0.0 did not become ready and was rolled back, version 1.0.0 is deployed: it traps`},
		},
		{
			"failed",
			[]string{"app", "deploy", file},
			map[string][]any{"app.put": {put}, "app.status": {failed}, "app.history": {deskHistory("failed", "it traps")}},
			1, "failed", "",
			[]string{"version 2.0.0 does not run: it traps\n", "wattle component logs shop-cart", "wattle app rollback shop"},
		},
		{
			"replaced",
			[]string{"app", "deploy", file},
			map[string][]any{"app.put": {put}, "app.status": {back}, "app.history": {deskHistory("replaced", "")}},
			1, "replaced", "",
			[]string{"somebody has deployed version 1.0.0 meanwhile"},
		},
		{
			"late",
			[]string{"app", "deploy", file, "--timeout", "300ms"},
			map[string][]any{"app.put": {put}, "app.status": {coming}},
			124, "under way", "",
			[]string{`application "shop" is not ready after 300ms, and may still become so: it is progressing: component cart: host edge-1: it compiles�[2J`},
		},
		{
			"canary",
			[]string{"app", "deploy", file},
			map[string][]any{"app.put": {put}, "app.status": {canary}, "app.get": {stored}},
			0, "canary", "shop version 2.0.0 deployed: it takes a part of the calls\n  all of them: wattle app promote shop\n  none:        wattle app rollback shop\n", nil,
		},
		{
			"not waited for",
			[]string{"app", "deploy", file, "--no-wait"},
			map[string][]any{"app.put": {put}},
			0, "under way", "shop version 2.0.0 is to be deployed: wattle app status shop\n", nil,
		},
		{
			"stored",
			[]string{"app", "deploy", "shop", "--version", "2.0.0"},
			map[string][]any{"app.deploy": {put}, "app.status": {ready}},
			0, "ready", "shop version 2.0.0 deployed: 1 component ready\n", nil,
		},
		{
			"scaled",
			[]string{"app", "scale", "shop", "--instances", "2"},
			map[string][]any{"app.scale": {put}, "app.status": {ready}},
			0, "ready", "shop version 2.0.0 scaled: 1 component ready\n", nil,
		},
		{
			"undeployed",
			[]string{"app", "undeploy", "shop"},
			map[string][]any{"app.undeploy": {undeploy}, "app.status": {nothing}},
			0, "undeployed", "shop undeployed\n", nil,
		},
		{
			"unknown",
			[]string{"app", "rollback", "shop"},
			nil,
			5, "", "",
			[]string{"not found"},
		},
	} {
		stdout, stderr, code := d.run(c.answers, c.args...)
		if code != c.code || stdout != c.stdout {
			t.Errorf("%s: exit code %d, want %d; prints %q, want %q; standard error:\n%s", c.name, code, c.code, stdout, c.stdout, stderr)
		}
		for _, want := range c.stderr {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: standard error has no %q:\n%s", c.name, want, stderr)
			}
		}
		if strings.Contains(stderr+stdout, "\x1b") {
			t.Errorf("%s: prints what a terminal obeys: %q %q", c.name, stdout, stderr)
		}
		if strings.Count(stderr, "0 of 2 ready: host") > 1 {
			t.Errorf("%s: says the same twice:\n%s", c.name, stderr)
		}
		if c.outcome == "" {
			continue
		}
		stdout, stderr, code = d.run(c.answers, append(c.args, "-o", "json")...)
		var end struct {
			App, Version, Outcome, Reason string
			Number                        uint64
			Changed                       bool
		}
		if err := json.Unmarshal([]byte(stdout), &end); err != nil || code != c.code || end.Outcome != c.outcome || end.App != "shop" || !end.Changed {
			t.Errorf("%s: -o json: exit code %d, %+v, %v; want outcome %q:\n%s\n%s", c.name, code, end, err, c.outcome, stdout, stderr)
		}
	}
}

// TestDeploySends demands that a deployment is sent with its binaries and with who
// sends it, and that they are in the lattice before.
func TestDeploySends(t *testing.T) {
	d := newDesk(t)
	put := &control.AppResult{App: "shop", Version: "2.0.0", Number: 2, Deployed: "2.0.0"}
	dir := t.TempDir()
	wasm, err := os.ReadFile("../../examples/hello-http/hello.wasm")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"hello.wasm": wasm, "wattle.yaml": []byte(deskManifest)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, code := d.run(map[string][]any{"app.put": {put}}, "app", "deploy", filepath.Join(dir, "wattle.yaml"), "--no-wait")
	if code != 0 || stdout != "shop version 2.0.0 unchanged: wattle app status shop\n" {
		t.Fatalf("exit code %d: %q\n%s", code, stdout, stderr)
	}
	sent := d.asked[0].(*control.PutApp)
	if diff := cmp.Diff(&control.PutApp{Manifest: deskManifest, Digests: sent.Digests, Deploy: true, By: "ann"}, sent); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	digest := sent.Digests["./hello.wasm"]
	name, err := wire.ArtifactName(digest)
	if err != nil {
		t.Fatal(err)
	}
	store, err := d.lattice.Objects(t.Context(), wire.Buckets{Lattice: lattice.DefaultName}.Artifacts(), false)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := store.Has(t.Context(), name); err != nil || !ok {
		t.Errorf("the binary is in the lattice: %v, %v", ok, err)
	}
}

// TestAppViews prints what there is in all forms.
func TestAppViews(t *testing.T) {
	d := newDesk(t)
	status := deskStatus("2.0.0", control.AppDegraded, "no host for 1 instance", 1)
	list := &control.AppList{Apps: []control.AppSummary{status.AppSummary}}
	explained := &control.AppExplanation{App: "shop", Components: []control.ComponentExplanation{{
		Name: "cart", ID: "shop-cart", Rules: []string{"2 instances in all, evenly over hosts"}, Hosts: status.Parts[0].Hosts, Missing: 1,
		Passed: []control.PassedHosts{{Why: "it has no room", Count: 1, Hosts: []lattice.HostID{"NAAAAAAAAAA"}}},
	}}}
	answers := map[string][]any{
		"app.list": {list}, "app.status": {status}, "app.explain": {explained}, "app.history": {deskHistory("ready", "")},
		"app.get":    {&control.AppVersion{App: "shop", Version: "2.0.0", Manifest: "text\x1b[2J\n"}},
		"app.delete": {&control.AppResult{Result: control.Result{Changed: true}, App: "shop"}},
	}
	for _, c := range []struct{ args, want string }{
		{"app list", "NAME  DEPLOYED  PHASE                             READY  CHANGED\nshop  2.0.0     degraded: no host for 1 instance  0/1    -\n"},
		{"app list -o json", `"app": "shop"`},
		{"app list -o yaml", "- app: shop\n"},
		{"app status shop", "component  cart  degraded: no host for 1 instance  1/2    2         edge-1\n"},
		{"app status shop -o wide", "COMPONENT  HOST    REVISION  INSTANCES  STATE    SINCE  WHY\ncart       edge-1  2         2          running  -      it has room\n"},
		{"app status shop -o json", `"phase": "degraded"`},
		{"app explain shop", "  hosts that were passed over\n    1 host: NAAAAAAAA\n      it has no room\n"},
		{"app explain shop cart -o json", `"missing": 1`},
		{"app history shop", "2.0.0    deploy  "},
		{"app history shop -o yaml", "deployments:\n"},
		{"app get shop", "text�[2J\n"},
		{"app get shop -o json", `"manifest": "text\u001b[2J\n"`},
		{"app delete shop", "application shop deleted\n"},
		{"__complete app status s", "shop\n:4"},
		{"__complete app explain shop c", "cart\n:4"},
		{"__complete app rollback shop 1", "1.0.0\n:4"},
	} {
		args := strings.Fields(c.args)
		if args[0] == "__complete" { // the word to complete is the last one
			args = slices.Concat([]string{"__complete"}, args[1:3], d.as, args[3:])
		}
		stdout, stderr, code := d.run(answers, args...)
		if code != 0 || !strings.Contains(stdout, c.want) || strings.Contains(stdout, "\x1b") {
			t.Errorf("wattle %s: exit code %d, no %q in:\n%s\n%s", c.args, code, c.want, stdout, stderr)
		}
	}
	stdout, stderr, code := d.run(map[string][]any{"app.list": {&control.AppList{}}}, "app", "list")
	if code != 0 || stdout != "" || !strings.Contains(stderr, `lattice "default" has no applications`) {
		t.Errorf("no applications: exit code %d, %q, %q", code, stdout, stderr)
	}
}
