//go:build e2e && linux

package lattice_test

import (
	"errors"
	"maps"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRollout changes an application under load: to another version, to one that does
// not become ready, to one that takes a part of the calls first, and back. No request
// fails, and none is answered by a version that it should not be answered by.
func TestRollout(t *testing.T) {
	l := startLattice(t)
	load := startLoad(t, l.front.url+"/hello", l.front.url+"/echo")
	// only asserts which versions have answered since a moment.
	only := func(t *testing.T, since time.Time, want ...string) {
		t.Helper()
		if got := slices.Sorted(maps.Keys(load.answers(since))); !slices.Equal(got, want) {
			t.Errorf("the answers are %v, want %v", load.answers(since), want)
		}
	}

	var done time.Time
	load.around(t, "a new version", brief, func(t *testing.T) {
		began := time.Now()
		l.deploy(t, guestsApp("v2", l.net.answering(t, "hallo")))
		done = time.Now()
		measured(t, "the new version is deployed after %v", done.Sub(began))
	}).noneFailed(t)
	only(t, done.Add(known), "hallo")

	load.around(t, "a version that does not become ready", brief, func(t *testing.T) {
		began := time.Now()
		bad := guestsApp("v3", crashing)
		bad.Parts[0].Probe, bad.Parts[0].Deadline = "/crash", "10s"
		out, err := l.deploying(t, bad).CombinedOutput()
		t.Logf("%s", out)
		measured(t, "the version that does not become ready is rolled back after %v", time.Since(began))
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || !strings.Contains(string(out), "rolled back") {
			t.Errorf("the deployment ends with %v, want exit code 1 and that it was rolled back:\n%s", err, out)
		}
		if v := l.deployed(t, "guests"); v != "v2" {
			t.Errorf("version %q is deployed, want v2", v)
		}
		l.untilComplete(t, time.Minute, l.hosts...)
	}).noneFailed(t)
	only(t, done.Add(known), "hallo")

	// A canary takes as many of the calls as its weight says, and no more of them than
	// chance allows: four standard deviations.
	const weight = 20
	load.around(t, "a canary", calm, func(t *testing.T) {
		canary := guestsApp("v4", l.net.answering(t, "hullo"))
		canary.Parts[0].Canary = weight
		l.deploy(t, canary)
		done = time.Now()
	}).noneFailed(t)
	answers := load.answers(done.Add(known))
	n := answers["hullo"] + answers["hallo"]
	share := float64(answers["hullo"]) / float64(n)
	measured(t, "of %d requests %.1f %% went to a canary of weight %d", n, 100*share, weight)
	if off := 4 * math.Sqrt(weight*(100-weight)/float64(n)); n == 0 || len(answers) != 2 || math.Abs(100*share-weight) > off {
		t.Errorf("the answers are %v, want %d of a hundred by the canary, give or take %.1f", answers, weight, off)
	}
	load.around(t, "promote the canary", brief, func(t *testing.T) {
		l.cli(t, "app", "promote", "guests")
		done = time.Now()
	}).noneFailed(t)
	only(t, done.Add(known), "hullo")

	load.around(t, "roll back by command", brief, func(t *testing.T) {
		began := time.Now()
		l.cli(t, "app", "rollback", "guests", "v1")
		done = time.Now()
		l.ledger.acknowledged("guests", "v1")
		measured(t, "it is rolled back by command after %v", done.Sub(began))
	}).noneFailed(t)
	only(t, done.Add(known), "hello")
	l.checkLedger(t)
}

// known is the time until the front door has heard of what a scheduler says is so.
const known = time.Second
