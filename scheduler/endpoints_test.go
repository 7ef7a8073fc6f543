package scheduler_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/microservice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// TestEndpoints asks a scheduler about itself, as an operator would.
func TestEndpoints(t *testing.T) {
	l := newLab(t)
	s := l.schedule()
	l.host(nil)
	operator := l.join(trust.RoleOperator, trusttest.Creds(t, l.keyring, name, trust.RoleOperator))
	ask := func(subject string, value any) {
		t.Helper()
		m, err := operator.Request(t.Context(), &lattice.Message{Subject: subject})
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(m.Data, value); err != nil {
			t.Fatalf("%s: %q: %v", subject, m.Data, err)
		}
	}
	if err := s.Do(t.Context(), &control.PutConfig{Config: "c", Values: lattice.Config{"k": "v"}}, new(control.Result)); err != nil {
		t.Fatal(err)
	}
	var info microservice.Info
	ask("$SRV.INFO."+scheduler.ServiceName, &info)
	subjects := map[string]string{}
	for _, e := range info.Endpoints {
		subjects[e.Name] = e.Subject
	}
	of := wire.Subjects{Lattice: name}
	want := map[string]string{"health": of.SchedulerEndpoint(info.ID, "health"), "state": of.SchedulerEndpoint(info.ID, "state")}
	if diff := cmp.Diff(want, subjects); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
	var health scheduler.Health
	ask(subjects["health"], &health)
	if !health.OK || !health.Connected || len(health.Problems) > 0 {
		t.Errorf("health is %+v", health)
	}
	// It is said of a round when the round has ended, shortly after its answers.
	wanted := scheduler.Status{Lattice: name, Configs: 1, Heard: 1, Leads: true, LeadsEdge: true}
	var diff string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		var state scheduler.Status
		ask(subjects["state"], &state)
		if diff = cmp.Diff(wanted, state, cmpopts.IgnoreFields(scheduler.Status{}, "Log", "Stamp")); diff == "" && state.Log.Role == "leader" && state.Stamp.Index > 0 {
			return
		}
	}
	t.Errorf("state (-want +got):\n%s", diff)
}
