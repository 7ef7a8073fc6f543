//go:build e2e && linux

package lattice_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
)

// desk is an application of two components of one binary, on two hosts: the front has the
// worker do things, by messages.
type desk struct {
	l    *testLattice
	url  string
	errs []string // of what must not fail
}

// deskGuest is the binary: what it is told to do is in its source.
const deskGuest = "testdata/desk/guest.wasm"

// Secrets, all of which have this in them.
const canary = "canary-4b1f"

// TestCapabilities has an application use messages, PostgreSQL and Redis from two hosts,
// with secrets. Its configuration and secrets change, and its backends crash, while it is
// asked: what needs none of that never fails, what does fails for a reason that is said, and
// all of it comes back without anything being loaded again.
func TestCapabilities(t *testing.T) {
	bin := needBackends(t)
	l := startLatticeOn(t, newNetwork(t), 2)
	b := newBackends(t, l.net, bin, canary+"-postgres")
	b.startRedis(t, canary+"-redis")
	b.startPostgres(t)
	d := startDesk(t, l, b)

	for _, test := range []struct {
		line   string
		status int
		said   string
	}{
		{"note by the front", 200, "1"},
		{"ask desk.work note by the worker", 200, "2"},
		{"count key", 200, "1"},
		{"ask desk.work count key", 200, "2"},
		{"secret own", 200, canary + "-own"},
		{"ask desk.work secret own", 200, canary + "-own"},
		{"secret other", 500, "SecretsError::NotFound"},
		{"ask desk.nobody config greeting", 500, "unavailable: nobody subscribes to the subject"},
		{"ask elsewhere config greeting", 500, `denied: no pattern of the link's publish allows the subject "elsewhere"`},
	} {
		if status, said := d.do(t.Context(), test.line); status != test.status || said != test.said {
			t.Errorf("%s: %d %s, want %d %s", test.line, status, said, test.status, test.said)
		}
	}
	for _, host := range l.hosts {
		eventually(t, time.Minute, "the worker on "+host.m.name+" has handled messages", func() bool {
			d.do(t.Context(), "ask desk.work config greeting")
			return l.calls(t, host, "desk-worker") > 0
		})
	}

	began := l.began(t)
	stop := d.steady(t)
	l.cli(t, "config", "put", "desk-settings", "greeting=good evening")
	d.untilAlways(t, "config greeting", "good evening")
	d.untilAlways(t, "ask desk.work config greeting", "good evening")
	l.putSecret(t, "desk-own", canary+"-new")
	d.untilAlways(t, "ask desk.work secret own", canary+"-new")

	b.redis.kill(t)
	d.until(t, "count key", 500, "the store is not available now")
	b.startRedis(t, canary+"-other")
	d.until(t, "count key", 500, "AccessDenied")
	l.putSecret(t, "redis-password", canary+"-other")
	d.goesOn(t, "count key", 2)
	d.goesOn(t, "ask desk.work count key", 3)

	b.crashPostgres(t)
	d.until(t, "note lost", 500, "unavailable: the database cannot be reached")
	b.startPostgres(t)
	d.goesOn(t, "note found", 2)
	d.goesOn(t, "ask desk.work note found", 3)
	stop()
	if diff := cmp.Diff(began, l.began(t)); diff != "" {
		t.Errorf("components were started again (-before +after):\n%s", diff)
	}

	for _, e := range d.errs {
		t.Errorf("it needs no backend, and failed: %s", e)
	}
	for _, p := range l.daemons() {
		log, err := os.ReadFile(p.p.log)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(log, []byte(canary)) {
			t.Errorf("the log of %s has a secret", p.m.name)
		}
		if n := bytes.Count(log, []byte("capability failed")); n > 20 {
			t.Errorf("the log of %s says %d times that a capability failed", p.m.name, n)
		}
	}
}

// startDesk deploys the application, and waits until it answers.
func startDesk(t *testing.T, l *testLattice, b *backends) *desk {
	t.Helper()
	l.putSecret(t, "desk-own", canary+"-own")
	l.putSecret(t, "redis-password", canary+"-redis")
	l.putSecret(t, "postgres-password", canary+"-postgres")
	l.cli(t, "config", "put", "desk-settings", "greeting=hello")
	image, err := filepath.Abs(deskGuest)
	if err != nil {
		t.Fatal(err)
	}
	made, err := template.ParseFiles("testdata/desk/app.yaml.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	type component struct{ Name, Path, Publish string }
	var manifest bytes.Buffer
	err = made.Execute(&manifest, map[string]any{
		"Image": image, "Redis": net.JoinHostPort(b.m.addr, redisPort), "Postgres": net.JoinHostPort(b.m.addr, postgresPort),
		"Parts": []component{{"front", "/desk", "desk.>"}, {"worker", "", "desk.log"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(l.net.dir, "desk.yaml")
	if err := os.WriteFile(file, manifest.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	l.cli(t, "app", "deploy", file)
	d := &desk{l: l, url: l.front.url + "/desk"}
	d.until(t, "ask desk.work config greeting", 200, "hello")
	return d
}

// putSecret stores a secret.
func (l *testLattice) putSecret(t *testing.T, name, value string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
	l.cli(t, "secret", "put", name, "--from-file", file)
}

// began returns since when components are what they are on the hosts, by host.
func (l *testLattice) began(t *testing.T) map[string]map[lattice.ComponentID]time.Time {
	t.Helper()
	all := map[string]map[lattice.ComponentID]time.Time{}
	for _, d := range l.hosts {
		all[d.m.name] = map[lattice.ComponentID]time.Time{}
		h, _ := l.report(t, d)
		for _, c := range h.Components {
			all[d.m.name][c.ID] = c.Since
		}
	}
	return all
}

// calls returns how many calls a host has had for a component.
func (l *testLattice) calls(t *testing.T, d *daemon, component string) (n int64) {
	t.Helper()
	h, _ := l.report(t, d)
	for _, c := range h.Components {
		if string(c.ID) == component {
			n = c.Calls
		}
	}
	return n
}

// do has the front do something, and returns what it says; 0 and an error if nothing.
func (d *desk) do(ctx context.Context, line string) (status int, said string) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, strings.NewReader(line))
	if err != nil {
		return 0, err.Error()
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(b)
}

// until asks until something is said.
func (d *desk) until(t *testing.T, line string, status int, part string) {
	t.Helper()
	d.watch(t, line, fmt.Sprintf("%d …%s…", status, part), func(got int, said string) bool { return got == status && strings.Contains(said, part) })
}

// untilAlways asks until every instance says something.
func (d *desk) untilAlways(t *testing.T, line, want string) {
	t.Helper()
	const enough = 25 // in a row: there are two hosts
	n := 0
	d.watch(t, line, fmt.Sprintf("%q %d times in a row", want, enough), func(_ int, said string) bool {
		n++
		if said != want {
			n = 0
		}
		return n == enough
	})
}

// goesOn asks until a number is said, which is higher than one that was said.
func (d *desk) goesOn(t *testing.T, line string, before int) {
	t.Helper()
	d.watch(t, line, fmt.Sprintf("more than %d", before), func(status int, said string) bool {
		n, err := strconv.Atoi(said)
		if status == http.StatusOK && (err != nil || n <= before) {
			t.Fatalf("%s: %s, want more than %d", line, said, before)
		}
		return status == http.StatusOK
	})
}

// watch asks until what is said is good.
func (d *desk) watch(t *testing.T, line, want string, good func(status int, said string) bool) {
	t.Helper()
	var status int
	var said string
	defer func() {
		if t.Failed() {
			t.Logf("%s: at last %d %s", line, status, said)
		}
	}()
	took := eventually(t, time.Minute, line+" says "+want, func() bool {
		status, said = d.do(t.Context(), line)
		return good(status, said)
	})
	t.Logf("%s: %s after %v", line, want, took.Round(time.Millisecond))
}

// steady asks for what needs no backend all the time, until stop is called.
func (d *desk) steady(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 1; ; n++ {
			select {
			case <-ctx.Done():
				t.Logf("%d messages were handled meanwhile", n)
				return
			case <-tick.C:
			}
			if status, said := d.do(context.WithoutCancel(ctx), "ask desk.work config greeting"); status != http.StatusOK {
				d.errs = append(d.errs, fmt.Sprintf("%d %s", status, said))
			}
		}
	})
	stop = func() { cancel(); all.Wait() }
	t.Cleanup(stop)
	return stop
}
