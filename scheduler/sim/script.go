package sim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// Script carries out the commands of a script in a world without chance faults, and
// returns what they print. A command is a line; its words are a verb and key=value.
//
//	world schedulers=3 hosts=4 seed=1  begins a world
//	run for=5s                         lets time pass
//	rest                               waits until all is as it should be
//	show                               tells what is placed, and what runs
//	deploy app=a version=v1 instances=2 [binary=broken|sick] [zone=z] [deadline=10s] [disconnected=2s] [volume=none]
//	                                   [image=1]
//	undeploy app=a
//	start component=c hosts=2 | start component=c host=1
//	stop component=c
//	update component=c [binary=broken|sick] | update component=c image=1
//	scale component=c hosts=2
//	host number=1 state=drained | label number=1 zone=a
//	kill host=1, revive host=1, cut host=1, join host=1, add
//	mute host=1 for=5s                 has it not say what is ready
//	untaken host=1 for=5s              has its reports not be taken
//	ail host=1 component=c for=5s      has the probes of a component be bad there
//	crash scheduler=0, restart scheduler=0, pause scheduler=0 for=5s
//	wipe bucket=desired|components|hosts|ready [at=once]
//	close bucket=components for=5s     has it take no documents of schedulers
//	rival for=10s                      starts a scheduler with another log
func (w *World) Script(line string) (string, error) {
	words := strings.Fields(line)
	args := map[string]string{}
	for _, word := range words[1:] {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return "", fmt.Errorf("%q: want key=value", word)
		}
		args[key] = value
	}
	c := &scripted{w: w, args: args}
	out := c.do(words[0])
	if f := w.failure; f != nil {
		out = fmt.Sprintf("%s: %s\n", f.Invariant, f.Detail)
	}
	return out, c.err
}

// scripted is a command of a script.
type scripted struct {
	w    *World
	args map[string]string
	err  error
}

func (c *scripted) number(key string) int {
	n, err := strconv.Atoi(c.args[key])
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("%s=%q: want a number", key, c.args[key])
	}
	return n
}

func (c *scripted) millis(key string) int64 {
	d, err := time.ParseDuration(c.args[key])
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("%s=%q: want a time", key, c.args[key])
	}
	return d.Milliseconds()
}

// host returns the host of a number, which begins with 1.
func (c *scripted) host(key string) *host {
	n := c.number(key)
	if n < 1 || n > len(c.w.hosts) {
		c.err = fmt.Errorf("%s=%d: there are %d hosts", key, n, len(c.w.hosts))
		return c.w.hosts[0]
	}
	return c.w.hosts[n-1]
}

func (c *scripted) scheduler() *replica {
	if c.args["scheduler"] == "leader" {
		for _, r := range c.w.replicas {
			if r.leading {
				return r
			}
		}
	}
	n := c.number("scheduler")
	if n < 0 || n >= len(c.w.replicas) {
		c.err = fmt.Errorf("scheduler=%d: there are %d", n, len(c.w.replicas))
		return c.w.replicas[0]
	}
	return c.w.replicas[n]
}

func (c *scripted) do(verb string) string {
	w := c.w
	switch verb {
	case "run":
		w.until(w.now + c.millis("for"))
	case "rest":
		w.rest()
	case "show":
		return w.show()
	case "deploy":
		c.deploy()
	case "undeploy":
		w.operator.ask(&control.UndeployApp{App: lattice.AppName(c.args["app"])})
	case "start":
		d := map[string]string{}
		image := w.operator.image(d, good)
		cmd := &control.StartComponent{ID: lattice.ComponentID(c.args["component"]), Ref: image, Digest: d[image], AllowUpdate: true, MaxInstances: 1}
		if c.args["host"] != "" {
			cmd.Where.Host = c.host("host").id
		} else {
			cmd.Hosts = c.number("hosts")
		}
		w.operator.ask(cmd)
	case "stop":
		w.operator.ask(&control.StopComponent{ID: lattice.ComponentID(c.args["component"])})
	case "update":
		d := map[string]string{}
		image := ""
		if c.args["image"] == "" {
			image = w.operator.image(d, c.binary())
		} else { // one that there is
			image = fmt.Sprintf("registry.example/part:%d", c.number("image"))
			d[image] = fmt.Sprintf("sha256:%064x", c.number("image"))
		}
		w.operator.ask(&control.UpdateComponent{ID: lattice.ComponentID(c.args["component"]), Ref: image, Digest: d[image]})
	case "scale":
		w.operator.ask(&control.ScaleComponent{ID: lattice.ComponentID(c.args["component"]), Hosts: c.number("hosts")})
	case "host":
		w.operator.ask(&control.SetHostState{Host: c.host("number").id, State: lattice.HostState(c.args["state"])})
	case "label":
		w.operator.ask(&control.PutLabel{Host: c.host("number").id, Key: "zone", Value: c.args["zone"]})
	case "add":
		w.addHost(false).start()
	default:
		c.fault(verb)
	}
	return ""
}

// fault has something go wrong, or be well again.
func (c *scripted) fault(verb string) {
	w := c.w
	switch verb {
	case "kill":
		h := c.host("host")
		h.note("dies")
		h.stop()
	case "revive":
		w.faults.revive(c.host("host"))
	case "cut":
		h := c.host("host")
		h.cut, h.hurt = true, w.now
	case "mute":
		c.host("host").mute = w.now + c.millis("for")
	case "untaken":
		c.host("host").unstored = w.now + c.millis("for")
	case "ail":
		h := c.host("host")
		if r := h.runners[lattice.ComponentID(c.args["component"])]; r.serves() {
			r.ail(c.millis("for"))
		}
	case "join":
		w.faults.join(c.host("host"))
	case "crash":
		c.scheduler().stop()
	case "restart":
		c.scheduler().start()
	case "pause":
		c.scheduler().paused = w.now + c.millis("for")
	case "rival":
		w.rivalry(c.millis("for"))
	case "wipe":
		w.lose(c.bucket(), c.args["at"] == "once")
	case "close":
		c.bucket().closed = w.now + c.millis("for")
	default:
		c.err = fmt.Errorf("%q: there is no such command", verb)
	}
}

func (c *scripted) bucket() *bucket {
	w := c.w
	b := map[string]*bucket{"desired": w.desired, "components": w.assignments, "hosts": w.reports, "ready": w.ready}[c.args["bucket"]]
	if b == nil {
		c.err = fmt.Errorf("bucket=%q: there is none", c.args["bucket"])
		return new(bucket)
	}
	return b
}

// binary is how the binary behaves that a command names.
func (c *scripted) binary() binary {
	kind, ok := map[string]binary{"": good, "broken": broken, "sick": sick}[c.args["binary"]]
	if !ok {
		c.err = fmt.Errorf("binary=%q: want broken or sick", c.args["binary"])
	}
	return kind
}

// deploy deploys a version of an application with one component.
func (c *scripted) deploy() {
	o := &c.w.operator
	kind := c.binary()
	put := &control.PutApp{Digests: map[string]string{}, Deploy: true, By: "script"}
	p := part{name: "c", image: fmt.Sprintf("registry.example/part:%d", len(c.w.binaries)+1)}
	if c.args["image"] != "" {
		p.image = "registry.example/part:" + c.args["image"]
		put.Digests[p.image] = fmt.Sprintf("sha256:%064x", c.number("image"))
	} else {
		put.Digests[p.image] = c.w.digest(kind)
	}
	spread := ""
	if zone := c.args["zone"]; zone != "" {
		spread = fmt.Sprintf(", spread: [{name: share, requirements: {zone: %s}}]", zone)
	}
	p.traits = append(p.traits, fmt.Sprintf("{type: spreadscaler, properties: {instances: %d%s}}", c.number("instances"), spread))
	if deadline := c.args["deadline"]; deadline != "" {
		p.traits = append(p.traits, fmt.Sprintf("{type: rollout.wattle.dev, properties: {rollout: {deadline: %s}}}", deadline))
	}
	if lease := c.args["disconnected"]; lease != "" {
		p.traits = append(p.traits, fmt.Sprintf("{type: placement.wattle.dev, properties: {rules: {disconnected: %s}}}", lease))
	}
	s := shape{app: c.args["app"], version: c.args["version"], components: []part{p}, volume: c.args["volume"]}
	put.Manifest = s.text()
	o.ask(put)
}

// show tells what is placed where, and what runs.
func (w *World) show() string {
	var b strings.Builder
	s := w.check.last.state
	for a := range s.Apps() {
		fmt.Fprintf(&b, "app %s: version %d", a.Name, a.Deployed)
		if n := len(a.History); n > 0 {
			fmt.Fprintf(&b, ", %s: %s", a.History[n-1].What, a.History[n-1].Outcome)
		}
		b.WriteString("\n")
	}
	for p := range s.AllPlacements() {
		fmt.Fprintf(&b, "component %s:", p.Component)
		for i := range p.Hosts {
			one := &p.Hosts[i]
			fmt.Fprintf(&b, " host %d has %d of revision %d", w.number(one.Host), one.Instances, one.Revision)
			if one.Leaving != "" {
				b.WriteString(" and leaves")
			}
			if i < len(p.Hosts)-1 {
				b.WriteString(",")
			}
		}
		if p.Missing > 0 {
			fmt.Fprintf(&b, " missing %d", p.Missing)
		}
		b.WriteString("\n")
	}
	for _, h := range w.hosts {
		if !h.up {
			fmt.Fprintf(&b, "host %d is not there\n", h.n)
			continue
		}
		fmt.Fprintf(&b, "host %d is %s and runs", h.n, h.state())
		n := 0
		for _, id := range slices.Sorted(maps.Keys(h.runners)) {
			if r := h.runners[id]; r.serves() {
				fmt.Fprintf(&b, " %s/%d", id, r.current.Revision)
				n++
			}
		}
		if n == 0 {
			b.WriteString(" nothing")
		}
		b.WriteString("\n")
	}
	return b.String()
}
