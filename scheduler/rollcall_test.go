package scheduler_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// A host of which no report comes any more keeps what runs there as long as it answers when
// it is asked, and loses it when it answers with something else.
func TestRollCall(t *testing.T) { overBoth(t, testRollCall) }

func testRollCall(t *testing.T, l *lab) {
	const lease = 1200 * time.Millisecond
	l.scheduleOn(l.creds(), nil, &scheduler.Options{Lease: lease})
	quiet := l.host(nil)
	right, err := wire.EncodeHostReport(&quiet.report)
	if err != nil {
		t.Fatal(err)
	}
	var answer atomic.Pointer[[]byte]
	answer.Store(&right)
	var asked atomic.Int64
	at := l.join(trust.RoleHost, quiet.creds)
	_, err = at.Subscribe(wire.Subjects{Lattice: name}.Endpoint(quiet.id, "report"), "", func(m *lattice.Message) {
		asked.Add(1)
		if err := at.Publish(&lattice.Message{Subject: m.Reply, Data: *answer.Load()}); err != nil {
			t.Errorf("answer: %v", err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := at.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	result := l.start(&control.StartComponent{ID: "c", Ref: "./c.wasm", Digest: l.store(1)})
	if len(result.Hosts) != 1 || result.Hosts[0].Host != quiet.id {
		t.Fatalf("placed on %+v, want %s", result.Hosts, quiet.id)
	}

	// Another one goes on reporting.
	other := l.host(nil)
	reported := time.Now()
	report := func() {
		if time.Since(reported) > lease/6 {
			reported = time.Now()
			other.report.Time = reported.UTC()
			l.says(other)
		}
	}
	// One that answers is asked at most once in half of the lease: this takes two.
	l.eventually("questions", func() string {
		report()
		if n := asked.Load(); n < 4 {
			return fmt.Sprintf("%d, want 4", n)
		}
		return ""
	})
	if a := l.assignment("c"); a == nil || len(a.Hosts()) != 1 || a.Hosts()[0] != quiet.id {
		t.Errorf("assignment %+v after %d answers, want host %s", a, asked.Load(), quiet.id)
	}

	wrong, err := wire.EncodeHostReport(&other.report)
	if err != nil {
		t.Fatal(err)
	}
	answer.Store(&wrong)
	l.eventually("move", func() string {
		report()
		if d := l.desired(other); d == nil || len(d.Components) != 1 {
			return fmt.Sprintf("%+v, want the component of the host that is lost", d)
		}
		return ""
	})
}
