package scheduler

import (
	"context"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/microservice"
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
	Lattice lattice.Name  `json:"lattice"`
	Stamp   lattice.Stamp `json:"stamp"`
	// The numbers are of what operators have asked for, Heard of the hosts that have
	// reported.
	Components int `json:"components"`
	Links      int `json:"links"`
	Configs    int `json:"configs"`
	Hosts      int `json:"hosts"`
	Heard      int `json:"hosts_heard"`
	// LeadsEdge says that this process writes what the tools of wasmCloud read.
	LeadsEdge bool `json:"leads_edge"`

	problem string // what could not be written
}

// note has others see how far the service is. err is why not all is written.
func (s *Service) note(err error) {
	state := s.truth.state
	now := &Status{
		Lattice: s.name, Stamp: state.Stamp,
		Components: len(state.Components), Links: len(state.Links), Configs: len(state.Configs), Hosts: len(state.Hosts), Heard: len(s.hosts),
	}
	if err != nil {
		now.problem = "documents are not written yet: " + err.Error()
	}
	s.status.Store(now)
}

// Status returns how far the service is. It is called once the service is ready.
func (s *Service) Status() Status {
	now := *s.status.Load()
	now.LeadsEdge = s.opts.LeadsEdge != nil && s.opts.LeadsEdge()
	return now
}

// Health returns how the service is. It is called once the service is ready.
func (s *Service) Health() Health {
	h := Health{Connected: s.lattice.Connected(), Problems: []string{}}
	if !h.Connected {
		h.Problems = append(h.Problems, "there is no connection to the lattice")
	}
	if problem := s.status.Load().problem; problem != "" {
		h.Problems = append(h.Problems, problem)
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
