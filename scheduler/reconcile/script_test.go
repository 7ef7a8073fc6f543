package reconcile_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

var update = flag.Bool("update", false, "write the output of scripts into testdata")

// TestScripts runs the scripts of testdata. A script has paragraphs: commands, a line of
// four hyphens, and what they print. If one fails, read the difference; write it with
// -update only if it is what ought to be.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld()
			var got strings.Builder
			for i, paragraph := range strings.Split(strings.TrimRight(string(text), "\n"), "\n\n") {
				commands, _, _ := strings.Cut(paragraph, "\n----")
				if i > 0 {
					got.WriteString("\n")
				}
				got.WriteString(commands + "\n----\n")
				for line := range strings.Lines(commands) {
					line = strings.TrimSpace(line)
					if line == "" || strings.HasPrefix(line, "#") {
						continue
					}
					out, err := w.run(line)
					if err != nil {
						out += "error: " + err.Error() + "\n"
					}
					got.WriteString(out)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(text), got.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

// options are the words of a command that are key=value.
type options map[string]string

func (o options) number(key string) int {
	n, _ := strconv.Atoi(o[key])
	return n
}

func (o options) labels(key string) map[string]string {
	if o[key] == "" {
		return nil
	}
	labels := map[string]string{}
	for pair := range strings.SplitSeq(o[key], ",") {
		k, v, _ := strings.Cut(pair, ":")
		labels[k] = v
	}
	return labels
}

func (o options) components(key string) []lattice.ComponentID {
	if o[key] == "" {
		return nil
	}
	var ids []lattice.ComponentID
	for id := range strings.SplitSeq(o[key], ",") {
		ids = append(ids, lattice.ComponentID(id))
	}
	return ids
}

// run runs a command of a script.
func (w *world) run(line string) (string, error) {
	words := strings.Fields(line)
	o := options{}
	var args []string
	for _, word := range words[1:] {
		if key, value, ok := strings.Cut(word, "="); ok {
			o[key] = value
		} else {
			args = append(args, word)
		}
	}
	id := lattice.ComponentID("")
	if len(args) > 0 {
		id = lattice.ComponentID(args[0])
	}
	switch words[0] {
	case "hosts": // a host for each name
		for _, name := range args {
			h := w.addHost(name, lattice.HostReport{Group: lattice.GroupName(o["group"]), Labels: o.labels("labels")})
			if mib := o.number("memory"); mib > 0 {
				h.report.Capacity.MemoryBytes = uint64(mib) << 20
			}
			if mib := o.number("free"); mib > 0 {
				h.report.Load.AvailableBytes = uint64(mib) << 20
			}
		}
	case "component":
		return "", w.put(o.component(id))
	case "rules": // other rules for a component that there is
		next := *w.s.Component(id)
		other := o.component(id)
		next.Rules, next.Rollout, next.Pins = other.Rules, other.Rollout, other.Pins
		return "", w.put(&next)
	case "update":
		return "", w.update(id)
	case "promote":
		next := *w.s.Component(id)
		next.Promoted = true
		return "", w.put(&next)
	case "remove":
		return "", w.remove(id)
	case "app":
		return "", w.app(lattice.AppName(args[0]), uint64(o.number("good")), uint64(o.number("deployed")))
	case "wish":
		return "", w.wish(hostID(args[0]), lattice.HostState(args[1]))
	case "label":
		return "", w.apply(state.Put(state.Record{Host: &state.Host{ID: hostID(args[0]), State: lattice.HostReady, Labels: o.labels("labels")}}))
	case "silent", "back":
		for _, name := range args {
			w.hosts[hostID(name)].silent = words[0] == "silent"
		}
	case "gone": // the host's key expires
		w.hosts[hostID(args[0])].silent = true
		w.r.Gone(w.now, hostID(args[0]))
	case "unhealthy", "healthy": // its probes are bad
		w.hosts[hostID(args[1])].unhealthy[id] = words[0] == "unhealthy"
	case "lies": // a host says that it runs what it was not told to
		h := w.hosts[hostID(args[0])]
		h.lie = []lattice.ComponentStatus{{ID: "web", Revision: uint64(o.number("revision")), Digest: digest(99), State: lattice.ComponentRunning}}
	case "stop": // the host says that it ends
		h := w.hosts[hostID(args[0])]
		h.report.State, h.report.Components, h.silent = lattice.HostStopped, nil, true
		w.r.Observe(w.now, h.say())
	case "broken":
		for _, name := range args[1:] {
			w.hosts[hostID(name)].broken[args[0]] = true
		}
	case "mended":
		for _, name := range args[1:] {
			delete(w.hosts[hostID(name)].broken, args[0])
		}
	case "slow":
		for _, name := range args[1:] {
			w.hosts[hostID(name)].slow[args[0]] = true
		}
	case "calls":
		w.hosts[hostID(args[1])].calls[id] = [2]int64{int64(o.number("calls")), int64(o.number("failures"))}
	case "config": // what components are given that name it
		return "", w.apply(state.Put(state.Record{Config: &state.Config{Name: lattice.ConfigName(args[0]), Values: lattice.Config{"value": o["value"]}}}))
	case "late": // the hosts take what they are told only after this
		w.hosts[hostID(args[0])].late = true
	case "hurries":
		w.hosts[hostID(args[0])].late = false
	case "refuses", "takes": // a host cannot carry a value out
		for _, name := range args {
			w.hosts[hostID(name)].refused[o["value"]] = words[0] == "refuses"
		}
	case "deaf":
		w.deaf = true
	case "hears":
		w.deaf = false
	case "leader":
		w.lead()
	case "step":
		for range max(o.number("n"), 1) {
			if _, err := w.step(int64(max(o.number("ms"), 1000))); err != nil {
				return "", err
			}
		}
	case "settle":
		n, err := w.settle(max(o.number("most"), 300))
		if err != nil {
			return "", err
		}
		if o["quiet"] == "" {
			return fmt.Sprintf("settled after %d s\n", n), nil
		}
	case "show":
		return w.show(), nil
	case "events":
		var b strings.Builder
		for _, e := range w.events {
			fmt.Fprintf(&b, "%s %s %s\n", e.Kind, e.Component, e.Reason)
		}
		w.events = nil
		return b.String(), nil
	case "history":
		a := w.s.App(lattice.AppName(args[0]))
		var b strings.Builder
		fmt.Fprintf(&b, "good %d, deployed %d\n", a.Good, a.Deployed)
		for _, h := range a.History {
			fmt.Fprintf(&b, "%d: %s %s\n", h.Number, h.Outcome, h.Reason)
		}
		return b.String(), nil
	default:
		return "", fmt.Errorf("no command %q", words[0])
	}
	return "", nil
}

// component returns the component that options describe.
func (o options) component(id lattice.ComponentID) *state.Component {
	c := &state.Component{ID: id, App: lattice.AppName(o["app"]), Name: string(id)}
	if c.App == "" {
		c.Name = ""
	}
	c.Rules = lattice.Rules{
		Mode: lattice.ModeSpread, Instances: max(o.number("instances"), 1), Hosts: o.number("hosts"),
		Group: lattice.GroupName(o["group"]), Labels: o.labels("labels"), Priority: o.number("priority"),
		With: o.components("with"), Near: o.components("near"), Apart: o.components("apart"), Away: o.components("away"),
		Resources: lattice.Resources{MemoryBytes: uint64(o.number("memory")) << 20},
	}
	if o["mode"] != "" {
		c.Rules.Mode = lattice.Mode(o["mode"])
	}
	if o["mode"] == "none" {
		c.Rules.Instances = 0
	}
	if o["config"] != "" {
		r := revision(1)
		r.Configs = []state.RevisionConfig{{Name: lattice.ConfigName(o["config"])}}
		c.Revisions, c.Target = []state.Revision{r}, 1
	}
	for share := range strings.SplitSeq(o["spread"], ";") {
		parts := strings.Split(share, "/") // name/weight/labels
		if len(parts) == 3 {
			weight, _ := strconv.Atoi(parts[1])
			c.Rules.Spread = append(c.Rules.Spread, lattice.Spread{
				Name: parts[0], Weight: weight, Requirements: options{"l": parts[2]}.labels("l"),
			})
		}
	}
	c.Rollout = lattice.Rollout{MaxUnavailable: o.number("unavailable"), DeadlineMillis: int64(o.number("deadline")), NoRollback: o["rollback"] == "no"}
	if weight := o.number("canary"); weight > 0 {
		c.Rollout.Canary = &lattice.Canary{Weight: weight, HoldMillis: int64(o.number("hold")), MaxFailures: o.number("failures")}
	}
	for name := range strings.SplitSeq(o["pins"], ",") {
		if name != "" {
			c.Pins = append(c.Pins, state.Pin{Host: hostID(name), Instances: 1})
		}
	}
	return c
}

// app puts an application with versions 1 and 2.
func (w *world) app(name lattice.AppName, good, deployed uint64) error {
	a := &state.App{Name: name, Last: 2, Good: good, Deployed: deployed}
	var changes []state.Change
	for n := uint64(1); n <= 2; n++ {
		a.Versions = append(a.Versions, state.Version{Number: n, Name: fmt.Sprint("v", n), Digest: fmt.Sprintf("%064x", n)})
		changes = append(changes, state.Put(state.Record{Manifest: &state.Manifest{App: name, Number: n, Text: "x"}}))
	}
	a.History = []state.Deployment{{Number: deployed, Name: fmt.Sprint("v", deployed), What: "deploy", Outcome: state.OutcomeUnderWay}}
	if old := w.s.App(name); old != nil {
		changes = nil
		a.History = append(append([]state.Deployment(nil), old.History...), a.History...)
	}
	return w.apply(append(changes, state.Put(state.Record{App: a}))...)
}
