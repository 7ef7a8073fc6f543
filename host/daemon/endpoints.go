package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/microservice"
)

// ServiceName is the name under which `nats micro` shows hosts.
const ServiceName = "wattle-host"

// The endpoints of a host, on Subjects.Endpoint.
const (
	EndpointReport     = "report"     // a lattice.HostReport
	EndpointHealth     = "health"     // a Health
	EndpointComponents = "components" // a []lattice.ComponentStatus
	EndpointLogs       = "logs"       // takes a LogRequest and answers with a LogReply
)

// service returns what the daemon can be asked.
func (d *Daemon) service() microservice.Options {
	o := microservice.Options{
		Name: ServiceName, ID: string(d.opts.ID), Version: d.opts.Version, Description: "a host of Wattle", Logger: d.log,
		Metadata: map[string]string{"lattice": string(d.opts.Lattice), "group": string(d.opts.Group), "name": d.opts.Name, "version": d.opts.Version},
	}
	for _, e := range []struct {
		name   string
		handle func(context.Context, *lattice.Message) (any, error)
	}{
		{EndpointReport, func(context.Context, *lattice.Message) (any, error) { return d.Report(), nil }},
		{EndpointHealth, func(context.Context, *lattice.Message) (any, error) { return d.Health(), nil }},
		{EndpointComponents, func(context.Context, *lattice.Message) (any, error) {
			return append([]lattice.ComponentStatus{}, d.Report().Components...), nil
		}},
		{EndpointLogs, d.askLogs},
	} {
		o.Endpoints = append(o.Endpoints, microservice.Endpoint{Name: e.name, Subject: d.subjects.Endpoint(d.opts.ID, e.name), Handle: e.handle})
	}
	return o
}

// Health says whether a host does what it should.
type Health struct {
	OK        bool              `json:"ok"`
	State     lattice.HostState `json:"state"`
	Connected bool              `json:"connected"`
	// ReportAge is how long ago the last report was taken, in milliseconds; -1 if
	// none was.
	ReportAge int64         `json:"report_age_ms"`
	Applied   lattice.Stamp `json:"applied"`
	// Problems say what is wrong, for people.
	Problems []string `json:"problems"`
}

// Health returns how the host is.
func (d *Daemon) Health() Health {
	r := d.Report()
	h := Health{State: r.State, Applied: r.Applied, Connected: d.l.Connected(), ReportAge: -1, Problems: []string{}}
	if last := d.beat.Load(); last != nil {
		h.ReportAge = time.Since(*last).Milliseconds()
	}
	if !h.Connected {
		h.Problems = append(h.Problems, "there is no connection to the lattice")
	}
	for i := range r.Components {
		if c := &r.Components[i]; c.Reason != "" {
			h.Problems = append(h.Problems, fmt.Sprintf("component %q: %s", c.ID, c.Reason))
		}
	}
	h.OK = len(h.Problems) == 0
	return h
}

// LogRequest asks for what a component writes.
type LogRequest struct {
	Component lattice.ComponentID `json:"component"`
	// Seconds is how long lines are published from now; it is bounded by MaxLease.
	// Who wants more asks again before.
	Seconds int `json:"seconds"`
	// Tail is how many of the last lines are in the answer.
	Tail int `json:"tail"`
}

// LogReply is the answer to a LogRequest.
type LogReply struct {
	// Subject is where lines are published, as LogLine.
	Subject string `json:"subject"`
	Seconds int    `json:"seconds"`
	// Lines are the last ones, the oldest first.
	Lines []LogLine `json:"lines"`
}

func (d *Daemon) askLogs(_ context.Context, m *lattice.Message) (any, error) {
	var q LogRequest
	decoder := json.NewDecoder(bytes.NewReader(m.Data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&q); err != nil {
		return nil, fmt.Errorf("%w: want {\"component\":…,\"seconds\":…,\"tail\":…}: %w", lattice.ErrInvalid, err)
	}
	if q.Seconds < 0 || q.Tail < 0 {
		return nil, fmt.Errorf("%w: seconds and tail must not be negative", lattice.ErrInvalid)
	}
	if !d.has(q.Component) {
		return nil, fmt.Errorf("component %.80q: %w on this host", q.Component, lattice.ErrNotFound)
	}
	seconds := min(q.Seconds, int(MaxLease/time.Second))
	lines := d.logs.lease(q.Component, time.Duration(seconds)*time.Second, q.Tail)
	return LogReply{Subject: d.subjects.Log(d.opts.ID, q.Component), Seconds: seconds, Lines: lines}, nil
}

// has reports whether the host runs a component, or ought to.
func (d *Daemon) has(id lattice.ComponentID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.runners[id] != nil
}
