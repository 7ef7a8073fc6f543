//go:build e2e && linux

package lattice_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// The components of a link: a server that calls a target for each request.
const (
	linking = "testdata/linking/guest.wasm"
	target  = "../../../host/component/testdata/target.wasm"
	said    = " 42 first 300" // by the target, of anything
)

// link has one component run that is linked to another, each on a host.
func (l *testLattice) link(t *testing.T, from, to *daemon) {
	t.Helper()
	l.cli(t, "link", "put", "linking", "target", "test:link/target")
	l.cli(t, "component", "start", "target", target, "--host", to.id)
	l.cli(t, "component", "start", "linking", linking, "--host", from.id, "--route", "/linking")
}

// linked asks for what the server says of a path, until it is what the target says
// of it: routes take a moment to be known.
func (l *testLattice) linked(t *testing.T, path string) {
	t.Helper()
	var last string
	defer func() {
		if t.Failed() {
			t.Logf("the last answer for %s: %s", path, last)
		}
	}()
	eventually(t, time.Minute, "the linked component answers", func() bool {
		r, err := http.NewRequestWithContext(t.Context(), "GET", l.front.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		last = fmt.Sprintf("%d %q %v", answer.StatusCode, b, err)
		return answer.StatusCode == http.StatusOK && string(b) == path+said
	})
}

// TestLink has a component call another one in its own process and on another
// host: the results are the same. How often the target was called says where.
func TestLink(t *testing.T) {
	l := startLattice(t)
	a, b := l.hosts[0], l.hosts[1]
	calls := func(d *daemon) int64 { return l.calls(t, d, "target") }
	for _, test := range []struct {
		name string
		to   *daemon
	}{{"in process", a}, {"over NATS", b}, {"in process again", a}} {
		t.Run(test.name, func(t *testing.T) {
			l.link(t, a, test.to)
			before := calls(test.to)
			// It is called where it was before until the new one is known.
			eventually(t, time.Minute, "the host of the target has counted the calls", func() bool {
				l.linked(t, "/linking/a?b=ü")
				return calls(test.to) >= before+3
			})
		})
	}
}
