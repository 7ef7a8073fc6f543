package sim

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// Times of the operator, in milliseconds.
const (
	answerTime = 5000
	askAgain   = 500
	askMost    = 20
)

// operator asks for things, as people and pipelines do.
type operator struct {
	w *World
	// versions counts manifests.
	versions    int
	images      []string
	digests     map[string]string
	established map[string]bool
	// shapes are the manifests that applications had last, and known the digests of all
	// images.
	shapes map[string]*shape
	known  map[string]string
	last   control.Command
	asked  int
	// over says that nobody waits for answers any more.
	over bool
}

// Error that is no answer.
var errSilence = errors.New("no answer")

// begin has something be asked for from time to time until end.
func (o *operator) begin(end int64) {
	o.over = false
	if o.established == nil {
		o.established, o.shapes, o.known = map[string]bool{}, map[string]*shape{}, map[string]string{}
	}
	pause := []int64{1500, 4000, 10_000}[o.w.rand.IntN(3)]
	var again func()
	again = func() {
		if o.w.now >= end {
			return
		}
		cmd := o.command()
		if o.last != nil && o.w.chance(0.1) {
			cmd = o.last // the same again
		}
		o.last = cmd
		o.ask(cmd)
		o.w.after(1+o.w.rand.Int64N(pause), again)
	}
	o.w.after(1000, again)
}

// ask sends a command until there is an answer.
func (o *operator) ask(cmd control.Command) {
	o.asked++
	id := o.asked
	tries := 0
	done := false
	var try func()
	try = func() {
		tries++
		if done || o.over || tries > askMost {
			if !done {
				o.w.note("operator gives up on %d, %s", id, cmd.Name())
			}
			return
		}
		answered := false
		again := func() {
			if !answered {
				answered = true
				o.w.after(askAgain, try)
			}
		}
		s := o.w.listening()
		if s == nil {
			again()
			return
		}
		o.w.after(o.w.latency(), func() {
			s.command(cmd, func(result any, err error) {
				if o.w.chance(o.w.faults.drop) {
					return // the answer is lost
				}
				switch {
				case done:
				case errors.Is(err, errSilence):
					again()
				default:
					done, answered = true, true
					o.answer(id, cmd, result, err)
				}
			})
		})
		o.w.after(answerTime, again)
	}
	o.w.note("operator asks %d: %s", id, describe(cmd))
	try()
}

// answer takes an answer.
func (o *operator) answer(id int, cmd control.Command, result any, err error) {
	if err != nil {
		o.w.note("operator is refused %d, %s: %v", id, cmd.Name(), err)
		return
	}
	o.w.note("operator is answered %d, %s", id, cmd.Name())
	if r := plain(result); r != nil {
		o.w.check.answered(cmd, r)
	}
}

func plain(result any) *control.Result {
	switch r := result.(type) {
	case *control.Result:
		return r
	case *control.ComponentResult:
		return &r.Result
	case *control.AppResult:
		return &r.Result
	}
	return nil
}

// listening is a scheduler that takes commands, if there is one that can be reached.
func (w *World) listening() *service {
	var all []*service
	for _, r := range w.replicas {
		if s := r.service; s != nil && !s.ended && s.listens() {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[w.rand.IntN(len(all))]
}

// describe tells what a command asks for.
func describe(cmd control.Command) string {
	if put, ok := cmd.(*control.PutApp); ok {
		// One event is one line.
		return fmt.Sprintf("%s %s", put.Name(), strings.ReplaceAll(put.Manifest, "\n", "⏎"))
	}
	return fmt.Sprintf("%s %+v", cmd.Name(), cmd)
}

// command makes something up to ask for.
func (o *operator) command() control.Command {
	w := o.w
	apps := []string{"one", "four", "shop", "mail"}
	app := lattice.AppName(apps[w.rand.IntN(1+w.rand.IntN(len(apps)))])
	id := lattice.ComponentID([]string{"alpha", "beta", "gamma"}[w.rand.IntN(3)])
	host := w.hosts[w.rand.IntN(len(w.hosts))].id
	config := lattice.ConfigName([]string{"blue", "green"}[w.rand.IntN(2)])
	link := lattice.Link{Source: id, Target: "delta", Name: "default", Namespace: "sim", Package: "test", Interfaces: []string{"call"}}
	switch w.rand.IntN(24) {
	case 0, 1, 2, 3:
		return o.manifest(string(app))
	case 4:
		return &control.DeployApp{App: app, By: "operator"}
	case 5:
		return &control.RollbackApp{App: app, By: "operator"}
	case 6:
		return &control.PromoteApp{App: app, By: "operator"}
	case 7, 8:
		return &control.ScaleApp{App: app, Component: "c0", Instances: 1 + w.rand.IntN(10), By: "operator"}
	case 9:
		return &control.UndeployApp{App: app, By: "operator"}
	case 10:
		if w.chance(0.5) {
			return &control.DeleteApp{App: app, By: "operator"}
		}
		return &control.ScaleComponent{ID: id, Hosts: 1 + w.rand.IntN(3)}
	case 11, 12, 13:
		return o.component(id, config)
	case 14:
		return &control.ScaleComponent{ID: id, Hosts: w.rand.IntN(4), MaxInstances: 1 + w.rand.IntN(20)}
	case 15:
		kind := good
		if w.chance(0.25) {
			kind = []binary{broken, sick}[w.rand.IntN(2)]
		}
		d := map[string]string{}
		image := o.image(d, kind)
		return &control.UpdateComponent{ID: id, Ref: image, Digest: d[image]}
	case 16:
		cmd := &control.StopComponent{ID: id}
		if w.chance(0.5) {
			cmd.Host = host
		}
		return cmd
	case 17, 18, 19:
		states := []lattice.HostState{lattice.HostReady, lattice.HostReady, lattice.HostReady, lattice.HostCordoned, lattice.HostCordoned, lattice.HostDrained, lattice.HostDrained, lattice.HostStopped}
		return &control.SetHostState{Host: host, State: states[w.rand.IntN(len(states))]}
	case 20:
		if w.chance(0.4) {
			return &control.DeleteLabel{Host: host, Key: "zone"}
		}
		return &control.PutLabel{Host: host, Key: "zone", Value: []string{"a", "b", "c"}[w.rand.IntN(3)]}
	case 21:
		return &control.PutConfig{Config: config, Values: lattice.Config{"k": fmt.Sprint(w.rand.IntN(10))}}
	case 22:
		if w.chance(0.3) {
			return &control.DeleteLink{Source: id, LinkName: "default", Namespace: "sim", Package: "test"}
		}
		return &control.PutLink{Link: link}
	}
	return &control.DeleteConfig{Config: config}
}

// component makes up a component to start.
func (o *operator) component(id lattice.ComponentID, config lattice.ConfigName) control.Command {
	w := o.w
	d := map[string]string{}
	image := o.image(d, good)
	cmd := &control.StartComponent{ID: id, Ref: image, Digest: d[image], Hosts: w.rand.IntN(4), MaxInstances: w.rand.IntN(8), AllowUpdate: w.chance(0.5)}
	if w.chance(0.3) {
		cmd.Config = []lattice.ConfigName{config}
	}
	switch w.rand.IntN(5) {
	case 0:
		cmd.Where.Labels = map[string]string{"zone": "a"}
	case 1:
		cmd.Where.Host, cmd.Hosts = w.hosts[w.rand.IntN(len(w.hosts))].id, 0
		cmd.Add = w.chance(0.5)
	}
	return cmd
}
