package scheduler

import (
	"context"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/microservice"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// ServiceName is the name under which `nats micro` shows schedulers.
const ServiceName = "wattle-scheduler"

// The endpoints of a scheduler, on Subjects.SchedulerEndpoint.
const (
	EndpointHealth = "health" // a Health
	EndpointState  = "state"  // a Status
)

// Health says whether a scheduler does what it should.
type Health struct {
	OK        bool `json:"ok"`
	Connected bool `json:"connected"`
	// Problems say what is wrong, for people.
	Problems []string `json:"problems"`
}

// Status says how far a scheduler is.
type Status struct {
	Lattice lattice.Name `json:"lattice"`
	// Log is how the scheduler's node of the log is.
	Log   raftlog.Status `json:"log"`
	Stamp lattice.Stamp  `json:"stamp"`
	// The numbers are of what the scheduler has in its state, Heard of the hosts that have
	// reported to it, while it leads.
	Apps       int `json:"apps"`
	Components int `json:"components"`
	Links      int `json:"links"`
	Configs    int `json:"configs"`
	Hosts      int `json:"hosts"`
	Heard      int `json:"hosts_heard"`
	// Leads says that it serves commands.
	Leads bool `json:"leads"`
	// LeadsEdge says that this process writes what the tools of wasmCloud read.
	LeadsEdge bool `json:"leads_edge"`
	// Problem is why a scheduler whose node leads does not do all that it should.
	Problem string `json:"problem,omitempty"`
}

// acting is how a service is whose node leads, for those who ask.
type acting struct {
	// serves says that it serves commands.
	serves  bool
	heard   int
	problem string
}

// note has others see how the service is. err is why not all is written.
func (l *leading) note(err error) {
	a := &acting{serves: true, heard: l.lead.NumHosts()}
	switch {
	case l.lead.Refused() != nil:
		a.problem = l.lead.Refused().Error()
	case err != nil:
		a.problem = "documents are not written yet: " + err.Error()
	}
	l.status.Store(a)
}

// holdBack has others see why the service does nothing although its node leads.
func (s *Service) holdBack(ctx context.Context, err error) {
	if have := s.status.Load(); have == nil || have.problem != err.Error() {
		s.log.ErrorContext(ctx, "nothing is decided", "error", err)
	}
	s.status.Store(&acting{problem: err.Error()})
}

// ID tells the service from others of the lattice.
func (s *Service) ID() string { return s.opts.ID }

// Status returns how far the service is.
func (s *Service) Status() Status {
	st := s.node.State()
	now := Status{
		Lattice: s.name, Log: s.node.Status(), Stamp: st.Stamp,
		Apps: st.Len(state.KindApp), Components: st.Len(state.KindComponent), Links: st.Len(state.KindLink), Configs: st.Len(state.KindConfig),
		Hosts:     st.Len(state.KindHost),
		LeadsEdge: s.opts.LeadsEdge != nil && s.opts.LeadsEdge(),
	}
	if a := s.status.Load(); a != nil {
		now.Leads, now.Heard, now.Problem = a.serves, a.heard, a.problem
	}
	return now
}

// Health returns how the service is.
func (s *Service) Health() Health {
	h := Health{Connected: s.lattice.Connected(), Problems: []string{}}
	if !h.Connected {
		h.Problems = append(h.Problems, "there is no connection to the lattice")
	}
	if a := s.status.Load(); a != nil && a.problem != "" {
		h.Problems = append(h.Problems, a.problem)
	}
	if leader := s.node.Leader(); leader.ID == "" {
		h.Problems = append(h.Problems, "no scheduler leads that this one knows of")
	}
	if err := s.node.Err(); err != nil {
		h.Problems = append(h.Problems, err.Error())
	}
	h.OK = len(h.Problems) == 0
	return h
}

// answer has the service be asked about itself. What it does for the lattice does
// not depend on it.
func (s *Service) answer(ctx context.Context) (end func()) {
	o := microservice.Options{
		Name: ServiceName, ID: s.opts.ID, Version: s.opts.Version, Description: "a scheduler of Wattle", Logger: s.log,
		Metadata: map[string]string{"lattice": string(s.name), "version": s.opts.Version},
	}
	for _, e := range []struct {
		name  string
		value func() any
	}{
		{EndpointHealth, func() any { return s.Health() }},
		{EndpointState, func() any { return s.Status() }},
	} {
		o.Endpoints = append(o.Endpoints, microservice.Endpoint{
			Name: e.name, Subject: s.subjects.SchedulerEndpoint(s.opts.ID, e.name),
			Handle: func(context.Context, *lattice.Message) (any, error) { return e.value(), nil },
		})
	}
	service, err := microservice.Serve(s.lattice, o)
	if err != nil {
		s.log.WarnContext(ctx, "the scheduler cannot be asked about itself: if its credentials are older than this version, make new ones", "error", err)
		return func() {}
	}
	return func() {
		if err := service.Close(ctx); err != nil && s.lattice.Connected() {
			s.log.WarnContext(ctx, "requests about the scheduler not ended in good order", "error", err)
		}
	}
}
