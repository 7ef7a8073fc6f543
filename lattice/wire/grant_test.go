package wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// TestGrantBounds is that a host is told of as many capabilities and secrets as there may
// be, and of no more.
func TestGrantBounds(t *testing.T) {
	spec := func(capabilities, secrets int) *lattice.Desired {
		c := lattice.ComponentSpec{ID: "c", Ref: "r", Digest: digest, MaxInstances: 1, Secrets: map[string]lattice.SecretRef{}}
		for i := range secrets {
			c.Secrets[fmt.Sprint(i)] = lattice.SecretRef{Name: "s", Version: 1}
		}
		for i := range capabilities {
			c.Capabilities = append(c.Capabilities, lattice.Capability{
				Kind: "k", Name: lattice.LinkName(fmt.Sprint(i)), Namespace: "a", Package: "b", Interfaces: []string{"c"}, Secrets: c.Secrets,
			})
		}
		return &lattice.Desired{Lattice: "default", Host: hostA, State: lattice.HostReady, Components: []lattice.ComponentSpec{c}}
	}
	if _, err := wire.EncodeDesired(spec(wire.MaxCapabilities, wire.MaxSecrets)); err != nil {
		t.Error(err)
	}
	for what, d := range map[string]*lattice.Desired{
		fmt.Sprintf("more than %d elements", wire.MaxCapabilities): spec(wire.MaxCapabilities+1, 0),
		fmt.Sprintf("more than %d members", wire.MaxSecrets):       spec(1, wire.MaxSecrets+1),
	} {
		if _, err := wire.EncodeDesired(d); !errors.Is(err, lattice.ErrInvalid) || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %s", err, what)
		}
	}
	many := map[string]lattice.SecretRef{}
	for i := range wire.MaxSecrets + 1 {
		many[fmt.Sprint(i)] = lattice.SecretRef{Name: "s"}
	}
	for what, secrets := range map[string]map[string]lattice.SecretRef{
		"the limit is 64": many,
		"no braces":       {"a{b": {Name: "s"}},
		"only letters":    {"a": {Name: "s.t"}},
		"want 0 to":       {"a": {Name: "s", Version: wire.MaxSecretVersion + 1}},
	} {
		if err := wire.CheckSecrets(secrets); !errors.Is(err, lattice.ErrInvalid) || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %s", err, what)
		}
	}
	if err := wire.CheckSecrets(map[string]lattice.SecretRef{"a b": {Name: "s"}}); err != nil {
		t.Error(err)
	}
}

// TestCheckLimits goes beyond each limit.
func TestCheckLimits(t *testing.T) {
	most := lattice.Limits{
		MemoryBytes: wire.MaxMemoryBytes, TimeoutMillis: wire.MaxMillis, Queue: wire.MaxQueue, TableElements: wire.MaxTableElements,
		RequestBytes: wire.MaxBodyBytes, ResponseBytes: wire.MaxBodyBytes, HostCalls: wire.MaxHostCalls, LogBytesPerSecond: wire.MaxLogRate, Connections: wire.MaxConnections,
		ClockResolutionMicros: wire.MaxClockResolution,
	}
	if err := wire.CheckLimits(&most); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(l *lattice.Limits){
		"memory_bytes":         func(l *lattice.Limits) { l.MemoryBytes++ },
		"timeout_ms":           func(l *lattice.Limits) { l.TimeoutMillis++ },
		"queue":                func(l *lattice.Limits) { l.Queue = -1 },
		"table_elements":       func(l *lattice.Limits) { l.TableElements++ },
		"request_bytes":        func(l *lattice.Limits) { l.RequestBytes++ },
		"response_bytes":       func(l *lattice.Limits) { l.ResponseBytes = -1 },
		"host_calls":           func(l *lattice.Limits) { l.HostCalls++ },
		"log_bytes_per_second": func(l *lattice.Limits) { l.LogBytesPerSecond++ },
		"connections":          func(l *lattice.Limits) { l.Connections++ },
		"clock_resolution_us":  func(l *lattice.Limits) { l.ClockResolutionMicros = -1 },
	} {
		l := most
		change(&l)
		if err := wire.CheckLimits(&l); !errors.Is(err, lattice.ErrInvalid) || !strings.Contains(err.Error(), name) || strings.Count(err.Error(), "want") != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
