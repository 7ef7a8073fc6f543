package wasmcloud

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// unsupported is what wasmCloud says of a subject that there is not.
const unsupported = "unsupported subject"

// serve answers a request, now or when what it asks for is done.
func (e *Edge) serve(ctx context.Context, m *lattice.Message) {
	tokens := strings.Split(strings.TrimPrefix(m.Subject, e.subject), ".")
	verb, rest := tokens[0], tokens[1:]
	if len(rest) > 0 {
		verb, rest = verb+"."+rest[0], rest[1:]
	}
	switch {
	case len(rest) == 0:
		e.serveLattice(ctx, verb, m)
	case len(rest) == 1 && strings.HasPrefix(verb, "config."):
		e.serveConfig(ctx, verb, rest[0], m)
	case len(rest) == 1:
		e.serveHost(ctx, verb, rest[0], m)
	default:
		e.fail(ctx, m, unsupported)
	}
}

// serveLattice answers requests that go to the whole lattice.
func (e *Edge) serveLattice(ctx context.Context, verb string, m *lattice.Message) {
	switch verb {
	case "host.ping":
		for _, h := range e.aliveHosts(time.Now()) {
			e.succeed(ctx, m, hostShapeOf(h.report))
		}
	case "component.auction":
		e.auction(ctx, m)
	case "provider.auction":
		// Nobody bids: see the package comment.
	case "link.get":
		links := make([]linkShape, 0, len(e.links))
		for _, key := range sorted(e.links) {
			links = append(links, shapeOf(e.links[key]))
		}
		e.succeed(ctx, m, links)
	case "link.put":
		cmd, err := decodeLink(m.Data)
		if err != nil {
			e.failed(ctx, m, err)
			return
		}
		e.putLink(ctx, m, cmd)
	case "link.del":
		cmd, err := decodeUnlink(m.Data)
		if err != nil {
			e.failed(ctx, m, err)
			return
		}
		e.command(ctx, m, cmd)
	case "claims.get":
		e.succeed(ctx, m, []any{})
	case "registry.put":
		e.log.WarnContext(ctx, "registries are not used: binaries come from the object store of the lattice")
		e.succeed(ctx, m, nil)
	default:
		e.fail(ctx, m, unsupported)
	}
}

// serveConfig answers requests about a configuration.
func (e *Edge) serveConfig(ctx context.Context, verb, name string, m *lattice.Message) {
	switch verb {
	case "config.get":
		values, ok := e.configs[lattice.ConfigName(name)]
		if !ok {
			e.answer(ctx, m, envelope{Success: true, Message: "Configuration not found"})
			return
		}
		e.succeed(ctx, m, filled(values))
	case "config.put":
		cmd, err := decodeConfig(name, m.Data)
		if err != nil {
			e.failed(ctx, m, err)
			return
		}
		e.command(ctx, m, cmd)
	case "config.del":
		cmd := &control.DeleteConfig{Config: lattice.ConfigName(name)}
		if err := cmd.Check(); err != nil {
			e.failed(ctx, m, err)
			return
		}
		e.command(ctx, m, cmd)
	default:
		e.fail(ctx, m, unsupported)
	}
}

// serveHost answers requests that go to one host.
func (e *Edge) serveHost(ctx context.Context, verb, name string, m *lattice.Message) {
	var do func(context.Context, *hostView, *lattice.Message)
	switch verb {
	case "host.get":
		do = func(ctx context.Context, h *hostView, m *lattice.Message) { e.succeed(ctx, m, inventoryOf(h.report)) }
	case "host.stop":
		do = e.stopHost
	case "component.scale":
		do = e.scale
	case "component.update":
		do = e.update
	case "label.put", "label.del":
		do = func(ctx context.Context, h *hostView, m *lattice.Message) { e.label(ctx, verb == "label.put", h, m) }
	case "provider.start", "provider.stop":
		do = func(ctx context.Context, _ *hostView, m *lattice.Message) {
			e.fail(ctx, m, "providers are part of Wattle's hosts and are neither started nor stopped: link to one that the host's inventory has")
		}
	default:
		e.fail(ctx, m, unsupported)
		return
	}
	id, err := lattice.ParseHostID(name)
	if err != nil {
		e.failed(ctx, m, err)
		return
	}
	h := e.hosts[id]
	if h == nil || !h.alive(time.Now()) {
		e.fail(ctx, m, fmt.Sprintf("host %s is not in lattice %q", id, e.name))
		return
	}
	do(ctx, h, m)
}

// auction has hosts bid for a component. A host that is silent does not bid.
func (e *Edge) auction(ctx context.Context, m *lattice.Message) {
	a, err := decodeAuction(m.Data)
	if err != nil {
		e.log.InfoContext(ctx, "auction is not understood", "error", err)
		return
	}
	for _, h := range e.aliveHosts(time.Now()) {
		if h.report.State != lattice.HostReady || h.runs(lattice.ComponentID(a.ComponentID)) || !meets(labelsOf(h.report), a.Constraints) {
			continue
		}
		e.succeed(ctx, m, componentBid{*a, string(h.report.ID)})
	}
}

// runs reports whether a host has a component, whatever its state.
func (h *hostView) runs(id lattice.ComponentID) bool {
	return h.status(id) != nil
}

func (h *hostView) status(id lattice.ComponentID) *lattice.ComponentStatus {
	for i := range h.report.Components {
		if h.report.Components[i].ID == id {
			return &h.report.Components[i]
		}
	}
	return nil
}

func meets(labels, constraints map[string]string) bool {
	for key, value := range constraints {
		if have, ok := labels[key]; !ok || have != value {
			return false
		}
	}
	return true
}

func (e *Edge) stopHost(ctx context.Context, h *hostView, m *lattice.Message) {
	if _, err := decodeStopHost(m.Data, h.report.ID); err != nil {
		e.failed(ctx, m, err)
		return
	}
	e.command(ctx, m, &control.SetHostState{Host: h.report.ID, State: lattice.HostStopped})
}

func (e *Edge) label(ctx context.Context, put bool, h *hostView, m *lattice.Message) {
	r, err := decodeLabel(m.Data)
	if err == nil && strings.HasPrefix(r.Key, coreLabels) {
		err = fmt.Errorf("%s* labels cannot be changed: %w", coreLabels, lattice.ErrDenied)
	}
	var cmd control.Command = &control.DeleteLabel{Host: h.report.ID}
	if err == nil {
		if put {
			cmd = &control.PutLabel{Host: h.report.ID, Key: r.Key, Value: r.Value}
		} else {
			cmd = &control.DeleteLabel{Host: h.report.ID, Key: r.Key}
		}
		err = cmd.Check()
	}
	if err != nil {
		e.failed(ctx, m, err)
		return
	}
	e.command(ctx, m, cmd)
}

// scale acknowledges a request to scale, and then carries it out.
func (e *Edge) scale(ctx context.Context, h *hostView, m *lattice.Message) {
	r, cmd, err := decodeScale(m.Data, h.report.ID)
	if err != nil {
		e.failed(ctx, m, err)
		return
	}
	outcome := scaled{
		HostID: string(h.report.ID), ComponentID: r.ComponentID, ImageRef: r.ComponentRef,
		MaxInstances: int(*r.Count), Annotations: filled(r.Annotations),
	}
	e.later(ctx, m, func(ctx context.Context) {
		if start, ok := cmd.(*control.StartComponent); ok {
			if start.Digest, err = e.digest(ctx, r.ComponentRef); err != nil {
				e.scaleFailed(ctx, h.report.ID, outcome, err)
				return
			}
		}
		e.carryOut(ctx, h.report.ID, cmd, outcome)
	})
}

// update acknowledges a request to update, and then carries it out.
func (e *Edge) update(ctx context.Context, h *hostView, m *lattice.Message) {
	r, cmd, err := decodeUpdate(m.Data, h.report.ID)
	if err != nil {
		e.failed(ctx, m, err)
		return
	}
	status := h.status(cmd.ID)
	if status == nil {
		e.fail(ctx, m, fmt.Sprintf("component %q not found", cmd.ID))
		return
	}
	outcome := scaled{
		HostID: string(h.report.ID), ComponentID: r.ComponentID, ImageRef: r.NewComponentRef,
		MaxInstances: status.MaxInstances, Annotations: filled(r.Annotations),
	}
	e.later(ctx, m, func(ctx context.Context) {
		var err error
		if cmd.Digest, err = e.digest(ctx, r.NewComponentRef); err != nil {
			e.scaleFailed(ctx, h.report.ID, outcome, err)
			return
		}
		e.carryOut(ctx, h.report.ID, cmd, outcome)
	})
}

// carryOut does what was acknowledged. That it is done the host says, unless there
// was nothing to do.
func (e *Edge) carryOut(ctx context.Context, host lattice.HostID, cmd control.Command, outcome scaled) {
	var result control.ComponentResult
	if err := e.commands.Do(ctx, cmd, &result); err != nil {
		e.scaleFailed(ctx, host, outcome, err)
		return
	}
	if result.Changed {
		return
	}
	e.post(ctx, func() {
		h := e.hosts[host]
		if h == nil {
			return
		}
		switch status := h.status(lattice.ComponentID(outcome.ComponentID)); {
		case outcome.MaxInstances == 0 && status == nil:
			e.publish(ctx, host, "component_scaled", outcome)
		case status != nil && status.State == lattice.ComponentRunning && status.Ref == outcome.ImageRef:
			e.publish(ctx, host, "component_scaled", scaledOf(host, status))
		}
	})
}

func (e *Edge) scaleFailed(ctx context.Context, host lattice.HostID, outcome scaled, err error) {
	outcome.Error = err.Error()
	e.publish(ctx, host, "component_scale_failed", outcome)
}

func (e *Edge) putLink(ctx context.Context, m *lattice.Message, cmd *control.PutLink) {
	host := e.anyHost()
	e.do(ctx, m, func(ctx context.Context) {
		var result control.Result
		err := e.commands.Do(ctx, cmd, &result)
		shape := shapeOf(&cmd.Link)
		switch {
		case err != nil:
			e.publish(ctx, host, "linkdef_set_failed", linkFailed{shape, err.Error()})
			e.failed(ctx, m, err)
			return
		case !result.Changed:
			e.publish(ctx, host, "linkdef_set", shape)
		}
		e.succeed(ctx, m, nil)
	})
}

// command carries out a command and then answers.
func (e *Edge) command(ctx context.Context, m *lattice.Message, cmd control.Command) {
	e.do(ctx, m, func(ctx context.Context) {
		var result control.Result
		if err := e.commands.Do(ctx, cmd, &result); err != nil {
			e.failed(ctx, m, err)
			return
		}
		e.succeed(ctx, m, nil)
	})
}

// do has the worker answer a request.
func (e *Edge) do(ctx context.Context, m *lattice.Message, f func(context.Context)) bool {
	if !e.enqueue(ctx, f) {
		e.fail(ctx, m, "too many requests wait: try again")
		return false
	}
	return true
}

// later acknowledges a request that the worker then carries out.
func (e *Edge) later(ctx context.Context, m *lattice.Message, f func(context.Context)) {
	acknowledged := make(chan struct{})
	if e.do(ctx, m, func(ctx context.Context) { <-acknowledged; f(ctx) }) {
		e.succeed(ctx, m, nil)
	}
	close(acknowledged)
}

func (e *Edge) succeed(ctx context.Context, m *lattice.Message, response any) {
	e.answer(ctx, m, envelope{Success: true, Response: response})
}

func (e *Edge) fail(ctx context.Context, m *lattice.Message, message string) {
	e.answer(ctx, m, envelope{Message: message})
}

func (e *Edge) failed(ctx context.Context, m *lattice.Message, err error) {
	e.fail(ctx, m, err.Error())
}

// answer is never empty: a client that gathers answers stops at one.
func (e *Edge) answer(ctx context.Context, m *lattice.Message, a envelope) {
	data, err := json.Marshal(a)
	if err == nil && len(data) > wire.MaxDocument {
		data, err = json.Marshal(envelope{Message: "the answer is too long for a message"})
	}
	if err == nil {
		err = e.lattice.Publish(&lattice.Message{Subject: m.Reply, Data: data})
	}
	if err != nil {
		e.log.WarnContext(ctx, "answer is lost", "subject", m.Reply, "error", err)
	}
}
