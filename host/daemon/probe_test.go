package daemon_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// The guests of these tests: a patient is as well as its doctor says.
const (
	patient    = "testdata/patient.wasm"
	doctorWell = "testdata/doctor-well.wasm"
	doctorIll  = "testdata/doctor-ill.wasm"
)

// patientOf returns a patient that is linked to a doctor, and probed.
func (w *world) patientOf(doctor string) lattice.ComponentSpec {
	w.Helper()
	spec := w.upload("patient", patient)
	spec.Links = []lattice.Link{{Source: "patient", Target: doctor, Name: lattice.DefaultLink, Namespace: "test", Package: "health", Interfaces: []string{"doctor"}}}
	spec.Probe = &lattice.Probe{Function: "test:health/patient@1.0.0.well", IntervalMillis: 100, Failures: 2}
	return spec
}

// work calls a patient.
func work(t testing.TB, i lattice.Invoker) error {
	t.Helper()
	fn, err := wit.ParseSignature("func() -> u32")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, err := i.Call(ctx, &lattice.Invocation{
		Target: "patient", Interface: "test:health/patient@1.0.0", Function: "work", Depth: lattice.DefaultDepth, Callers: []lattice.Caller{"operator/test"},
	}, fn, nil)
	if err == nil && got[0] != uint32(42) {
		t.Errorf("work is %v", got)
	}
	return err
}

func (w *world) awaitPatient(state lattice.ComponentState, reason string) *lattice.ComponentStatus {
	w.Helper()
	return w.awaitComponent("patient", string(state)+" "+reason, func(c *lattice.ComponentStatus) bool {
		return c.State == state && strings.Contains(c.Reason, reason) && (reason == "") == (c.Reason == "")
	})
}

// TestProbes has a component not be ready, be ready, be unhealthy and be ready again.
func TestProbes(t *testing.T) {
	t.Run("memory", func(t *testing.T) { probes(newWorld(t)) })
	t.Run("NATS", func(t *testing.T) {
		w, _, _ := newNATSWorld(t)
		probes(w)
	})
}

func probes(w *world) {
	h := w.start()
	ill, well := w.upload("doctor", doctorIll), w.upload("doctor", doctorWell)
	spec := w.patientOf("doctor")
	w.want(ill, spec)
	w.awaitRunning("doctor")
	w.awaitPatient(lattice.ComponentStarting, "probe: well returned false")
	if err := work(w, h.Router()); !errors.Is(err, lattice.ErrNotFound) && !errors.Is(err, lattice.ErrUnavailable) {
		w.Errorf("a call before the first good probe: %v", err)
	}
	w.awaitReady("patient", false)

	well.Revision = 2
	w.want(well, spec)
	w.awaitPatient(lattice.ComponentRunning, "")
	w.awaitReady("patient", true)
	if err := work(w, h.Router()); err != nil {
		w.Error(err)
	}

	ill.Revision = 3
	w.want(ill, spec)
	w.awaitPatient(lattice.ComponentUnhealthy, "probe: well returned false")
	w.awaitReady("patient", false)
	w.assign(spec)
	w.awaitLog("component is unhealthy")
	if err := work(w, h.Router()); !errors.Is(err, lattice.ErrNotFound) && !errors.Is(err, lattice.ErrUnavailable) {
		w.Errorf("a call while it is unhealthy: %v", err)
	}
	// A change of numbers does not make it well.
	spec.MaxInstances, spec.Revision = 3, 2
	w.want(ill, spec)
	c := w.awaitComponent("patient", "revision 2", func(c *lattice.ComponentStatus) bool { return c.Revision == 2 })
	if c.State != lattice.ComponentUnhealthy || c.MaxInstances != 3 || c.Next != nil {
		w.Errorf("scaled, it is %+v", c)
	}

	well.Revision = 4
	w.want(well, spec)
	c = w.awaitPatient(lattice.ComponentRunning, "")
	w.awaitReady("patient", true)
	if err := work(w, h.Router()); err != nil {
		w.Error(err)
	}
	if c.Failures != 0 || c.Calls != 1 {
		w.Errorf("%d calls and %d failures were counted, want 1 and none: probes are none", c.Calls, c.Failures)
	}
	if n := strings.Count(w.log.String(), `msg="component runs"`); n != 5 {
		w.Errorf("components were started %d times, want 4 doctors and a patient", n)
	}
}

// TestProbeOfNext has a new revision be probed beside the old one, which goes on.
func TestProbeOfNext(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	well, quack := w.upload("doctor", doctorWell), w.upload("quack", doctorIll)
	old, next := w.patientOf("doctor"), w.patientOf("quack")
	next.Revision = 2
	w.want(well, quack, old)
	w.awaitPatient(lattice.ComponentRunning, "")
	w.awaitReady("patient", true)
	w.want(well, quack, next)
	c := w.awaitComponent("patient", "a bad probe of the next", func(c *lattice.ComponentStatus) bool { return c.Next != nil && c.Next.Reason != "" })
	if c.Revision != 1 || c.State != lattice.ComponentRunning || c.Reason != "" || c.Next.Revision != 2 || c.Next.State != lattice.ComponentStarting ||
		!strings.Contains(c.Next.Reason, "probe: well returned false") {
		t.Errorf("it is %+v, next is %+v", c, c.Next)
	}
	if err := work(t, h.Router()); err != nil {
		t.Error(err)
	}
	// Back, and forth again: now it becomes good.
	old.Revision = 3
	w.want(well, quack, old)
	w.awaitComponent("patient", "taken back", func(c *lattice.ComponentStatus) bool { return c.Revision == 3 && c.Next == nil })
	next.Revision = 4
	w.want(well, quack, next)
	w.awaitComponent("patient", "a bad probe again", func(c *lattice.ComponentStatus) bool {
		return c.Next != nil && c.Next.Revision == 4 && c.Next.Reason != ""
	})
	quack = w.upload("quack", doctorWell)
	quack.Revision = 2
	w.want(well, quack, next)
	c = w.awaitComponent("patient", "updated", func(c *lattice.ComponentStatus) bool { return c.Revision == 4 })
	if c.State != lattice.ComponentRunning || c.Next != nil {
		t.Errorf("it is %+v, next is %+v", c, c.Next)
	}
	if err := work(t, h.Router()); err != nil {
		t.Error(err)
	}
	// A probe that cannot come to anything.
	never := next
	never.Revision, never.Probe = 5, &lattice.Probe{HTTPPath: "/healthz"}
	w.want(well, quack, never)
	c = w.awaitComponent("patient", "no probe", func(c *lattice.ComponentStatus) bool { return c.Next != nil && c.Next.State == lattice.ComponentFailed })
	if c.Revision != 4 || !strings.Contains(c.Next.Reason, "the component cannot be probed: it does not export wasi:http/incoming-handler") {
		t.Errorf("it is %+v, next is %+v", c, c.Next)
	}
}

// TestNumbers has what loads nothing be done without loading anything.
func TestNumbers(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	spec := w.upload("hello", hello)
	w.want(spec)
	first := w.awaitComponent("hello", "running", func(c *lattice.ComponentStatus) bool { return c.State == lattice.ComponentRunning })
	spec.Revision, spec.MaxInstances, spec.Limits.Queue = 2, 3, 7
	spec.Routes, spec.Annotations = []lattice.Route{{Path: "/x"}}, map[string]string{"a": "b"}
	w.want(spec)
	c := w.awaitComponent("hello", "revision 2", func(c *lattice.ComponentStatus) bool { return c.Revision == 2 })
	if c.MaxInstances != 3 || c.Annotations["a"] != "b" || c.State != lattice.ComponentRunning || c.Next != nil || !c.Since.Equal(first.Since) {
		t.Errorf("it is %+v, and was %+v", c, first)
	}
	w.awaitLog("component scaled")
	w.says(h, "hello", "hello")
	if n := strings.Count(w.log.String(), `msg="component runs"`); n != 1 {
		t.Errorf("it was started %d times", n)
	}
}

// TestLease has a component stop while its host is cut off, and another one go on.
func TestLease(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	leased, hello := w.upload("leased", target), w.upload("hello", hello)
	leased.LeaseMillis = 1500
	w.want(leased, hello)
	w.awaitRunning("leased", "hello")
	w.net.Sever(w.key.User())
	w.awaitLog("component stops: this host is cut off")
	w.awaitLog(`msg="component stopped" host=` + string(w.id) + " lattice=default component=leased")
	w.says(h, "hello", "hello")
	for _, c := range h.Report().Components {
		if c.ID == "leased" && c.State == lattice.ComponentRunning {
			t.Errorf("it is %+v", c)
		}
	}
	w.net.Restore(w.key.User())
	w.awaitLog("component may run again")
	w.awaitRunning("leased", "hello")
	w.awaitReady("leased", true)
}
