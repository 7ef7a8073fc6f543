//go:build e2e && linux

package lattice_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// ledger has every command that a scheduler has acknowledged, and what the histories of
// applications said when they were looked at last. What it has must be known for ever.
type ledger struct {
	mu       sync.Mutex
	versions map[string][]string // of each application, in the order of the commands
	seen     map[string][]deployment
	last     *state.State // that was exported last
	checks   int
}

// deployment is an entry of the history of an application.
type deployment struct {
	Version string
	Number  uint64
	What    string
	At      time.Time
	By      string
	Outcome string
	Ended   time.Time
}

func newLedger() *ledger {
	return &ledger{versions: map[string][]string{}, seen: map[string][]deployment{}}
}

// acknowledged notes that a version is to run, by the word of a scheduler.
func (g *ledger) acknowledged(app, version string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.versions[app] = append(g.versions[app], version)
}

// checkLedger has the histories of all applications, and what the schedulers export,
// held against what was acknowledged and what was there before. It returns how many
// acknowledged commands that were.
func (l *testLattice) checkLedger(t *testing.T) (commands int) {
	t.Helper()
	g := l.ledger
	g.mu.Lock()
	defer g.mu.Unlock()
	for app, versions := range g.versions {
		var h struct{ Deployments []deployment }
		if err := json.Unmarshal([]byte(l.cli(t, "app", "history", app, "-o", "json")), &h); err != nil {
			t.Fatal(err)
		}
		for i, d := range g.seen[app] {
			if i >= len(h.Deployments) {
				t.Errorf("the history of %s had %d entries and has %d now", app, len(g.seen[app]), len(h.Deployments))
				break
			}
			now := h.Deployments[i]
			if d.Ended.IsZero() { // it may have ended meanwhile
				d.Outcome, d.Ended = now.Outcome, now.Ended
			}
			if diff := cmp.Diff(d, now); diff != "" {
				t.Errorf("entry %d of the history of %s is not what it was (-was +is):\n%s", i, app, diff)
			}
		}
		at := 0
		for _, v := range versions {
			i := slices.IndexFunc(h.Deployments[at:], func(d deployment) bool { return d.Version == v })
			if i < 0 {
				t.Errorf("version %s of %s was acknowledged, and is not in the history: %v", v, app, h.Deployments)
				continue
			}
			at += i + 1
			commands++
		}
		g.seen[app] = h.Deployments
	}
	g.compare(t, l.export(t))
	return commands
}

// export has the schedulers write down what they know, and restores it elsewhere.
func (l *testLattice) export(t *testing.T) *state.State {
	t.Helper()
	l.ledger.checks++
	file := filepath.Join(l.net.dir, fmt.Sprintf("%d.snapshot", l.ledger.checks))
	l.cli(t, "scheduler", "snapshot", file)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := raftlog.RestoreDir(t.TempDir(), lattice.DefaultName, "", f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// compare holds a state against the one before: versions and manifests are as they
// were, and what has happened is still known.
func (g *ledger) compare(t *testing.T, now *state.State) {
	t.Helper()
	was := g.last
	g.last = now
	if was == nil {
		return
	}
	if now.Seq < was.Seq || now.Stamp.Compare(was.Stamp) < 0 {
		t.Errorf("the state is at %d, %v, and was at %d, %v", now.Seq, now.Stamp, was.Seq, was.Stamp)
	}
	for a := range was.Apps() {
		b := now.App(a.Name)
		if b == nil {
			t.Errorf("application %s is lost", a.Name)
			continue
		}
		for _, v := range a.Versions {
			if w := b.Version(v.Number); w == nil || *w != v {
				t.Errorf("version %s of %s is lost or another: %+v, was %+v", v.Name, a.Name, w, v)
			}
			if diff := cmp.Diff(was.Manifest(a.Name, v.Number), now.Manifest(a.Name, v.Number)); diff != "" {
				t.Errorf("the manifest of version %s of %s is not what it was (-was +is):\n%s", v.Name, a.Name, diff)
			}
		}
		if len(b.History) < len(a.History) {
			t.Errorf("the history of %s has %d entries, and had %d", a.Name, len(b.History), len(a.History))
		}
	}
	for h := range was.Hosts() {
		if now.Host(h.ID) == nil {
			t.Errorf("host %s is lost", h.ID)
		}
	}
}

// commander gives commands one after the other while things break.
type commander struct {
	stop context.CancelFunc
	done chan struct{}

	mu            sync.Mutex
	given, failed int
	slowest       time.Duration
}

const (
	// commandEvery is the time between two commands.
	commandEvery = 500 * time.Millisecond
	// commandsEach is how many versions of one application there are: schedulers
	// forget the oldest if there are many.
	commandsEach = 12
)

// giveCommands begins to have versions of small applications deployed, one after the
// other.
func (l *testLattice) giveCommands(t *testing.T) *commander {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &commander{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		tick := time.NewTicker(commandEvery)
		defer tick.Stop()
		for ctx.Err() == nil {
			l.commands++
			name := fmt.Sprintf("ledger%d", l.commands/commandsEach)
			a := &app{Name: name, Version: fmt.Sprintf("v%d", l.commands), Parts: []part{{Name: "of-" + name, Image: helloGuest, Instances: 1 + l.commands%3}}}
			begin := time.Now()
			out, err := l.deploying(t, a, "--no-wait").CombinedOutput()
			c.mu.Lock()
			c.given++
			c.slowest = max(c.slowest, time.Since(begin))
			if err != nil {
				c.failed++
			}
			c.mu.Unlock()
			if err != nil {
				t.Logf("command %s, %v after its begin: %v: %s", a.Version, time.Since(begin).Round(time.Millisecond), err, out)
			} else {
				l.ledger.acknowledged(a.Name, a.Version)
			}
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	t.Cleanup(func() { c.end() })
	return c
}

// some waits until so many more commands were acknowledged.
func (c *commander) some(t *testing.T, n int) {
	t.Helper()
	good := func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.given - c.failed
	}
	want := good() + n
	eventually(t, time.Minute, "commands are carried out", func() bool { return good() >= want })
}

// end lets the command under way finish.
func (c *commander) end() { c.stop(); <-c.done }
