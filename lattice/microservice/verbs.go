package microservice

import "time"

// verbs are what every service can be asked.
var verbs = []struct {
	subject string
	answer  func(*Service) any
}{
	{"$SRV.PING", func(s *Service) any { return s.identity("ping_response") }},
	{"$SRV.INFO", func(s *Service) any { return s.Info() }},
	{"$SRV.STATS", func(s *Service) any { return s.Stats() }},
}

// Identity says which service answers.
type Identity struct {
	Type     string            `json:"type"`
	Name     string            `json:"name"`
	ID       string            `json:"id"`
	Version  string            `json:"version"`
	Metadata map[string]string `json:"metadata"`
}

// Info is the answer to $SRV.INFO.
type Info struct {
	Identity
	Description string         `json:"description"`
	Endpoints   []EndpointInfo `json:"endpoints"`
}

// EndpointInfo describes an endpoint.
type EndpointInfo struct {
	Name     string            `json:"name"`
	Subject  string            `json:"subject"`
	Queue    string            `json:"queue_group"`
	Metadata map[string]string `json:"metadata"`
}

// Stats is the answer to $SRV.STATS.
type Stats struct {
	Identity
	Started   time.Time       `json:"started"`
	Endpoints []EndpointStats `json:"endpoints"`
}

// EndpointStats are the counters of an endpoint.
type EndpointStats struct {
	Name      string `json:"name"`
	Subject   string `json:"subject"`
	Queue     string `json:"queue_group"`
	Requests  int64  `json:"num_requests"`
	Errors    int64  `json:"num_errors"`
	LastError string `json:"last_error"`
	// Took is the time of all requests, Average that of one, in nanoseconds.
	Took    time.Duration `json:"processing_time"`
	Average time.Duration `json:"average_processing_time"`
}

// identity returns who the service is, as an answer of a kind.
func (s *Service) identity(kind string) Identity {
	return Identity{
		Type: "io.nats.micro.v1." + kind, Name: s.opts.Name, ID: s.opts.ID, Version: s.opts.Version, Metadata: object(s.opts.Metadata),
	}
}

// object returns m, and not nil: clients expect an object.
func object(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// Info describes the service.
func (s *Service) Info() Info {
	info := Info{Identity: s.identity("info_response"), Description: s.opts.Description, Endpoints: []EndpointInfo{}}
	for _, e := range s.endpoints {
		info.Endpoints = append(info.Endpoints, EndpointInfo{Name: e.Name, Subject: e.Subject, Queue: e.Queue, Metadata: object(e.Metadata)})
	}
	return info
}

// Stats returns the counters.
func (s *Service) Stats() Stats {
	stats := Stats{Identity: s.identity("stats_response"), Started: s.started, Endpoints: []EndpointStats{}}
	for _, e := range s.endpoints {
		stats.Endpoints = append(stats.Endpoints, e.stats())
	}
	return stats
}

func (e *endpoint) stats() EndpointStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	stats := EndpointStats{
		Name: e.Name, Subject: e.Subject, Queue: e.Queue,
		Requests: e.requests, Errors: e.errors, LastError: e.lastError, Took: e.took,
	}
	if e.requests > 0 {
		stats.Average = e.took / time.Duration(e.requests)
	}
	return stats
}
