package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/appview"
	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/manifest"
	"github.com/wattle-dev/wattle/scheduler/control"
)

const rolloutHelp = `The command shows how far it is and waits until all parts are ready, or until it is
known why they will not be; then the exit code is 1, also if the scheduler goes back
to the version before by itself. It is 124 if that takes longer than --timeout; what
is under way goes on. A canary that only a person ends counts as done when it takes
calls.`

// rolloutFlags are those of commands that change what runs of an application.
type rolloutFlags struct {
	connectFlags
	noWait  bool
	timeout time.Duration
	output  string
}

// addRollout adds the flags to a command.
func (f *rolloutFlags) addRollout(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.BoolVar(&f.noWait, "no-wait", false, "do not wait until it is done")
	fs.DurationVar(&f.timeout, "timeout", defaultWait, "how long to wait until it is done, a `DURATION`")
	fs.StringVarP(&f.output, "output", "o", "text", "say what came of it as `FORMAT`: text or json")
	f.add(fs)
	completions := f.completions()
	completions["timeout"] = completeNothing
	completions["output"] = completeOutput
	completeFlags(cmd, completions)
}

func (f *rolloutFlags) check() error {
	if f.timeout <= 0 {
		return &usageError{errors.New("--timeout must be positive; --no-wait does not wait")}
	}
	return checkOutput(f.output)
}

// rolloutEnd is what came of a change of an application, and its JSON form.
type rolloutEnd struct {
	App     lattice.AppName `json:"app"`
	Version string          `json:"version,omitempty"`
	Number  uint64          `json:"number,omitempty"`
	Changed bool            `json:"changed"`
	// Outcome is "ready", "canary", "undeployed", "failed", "rolled back", "replaced",
	// or "under way" if nobody waited, or not long enough.
	Outcome string   `json:"outcome"`
	Reason  string   `json:"reason,omitempty"`
	Next    []string `json:"next,omitempty"`
	// Status is how the application was at last.
	Status *control.AppStatus `json:"status,omitempty"`
}

// The outcomes that the scheduler does not name so.
const (
	outcomeReady      = "ready"
	outcomeCanary     = "canary"
	outcomeUndeployed = "undeployed"
	outcomeFailed     = "failed"
	outcomeRolledBack = "rolled back"
	outcomeReplaced   = "replaced"
	outcomeUnderWay   = "under way"
)

// follow waits, if it is to, until the scheduler has done what it said it would, and
// says what came of it. verb is what was done to the application.
func (f *rolloutFlags) follow(ctx context.Context, env *Env, s *session, r *control.AppResult, verb string) error {
	s.notes(env, &r.Result)
	end := &rolloutEnd{App: r.App, Version: r.Version, Number: r.Number, Changed: r.Changed, Outcome: outcomeUnderWay}
	var err error
	if !f.noWait {
		w := rolloutWait{session: s, result: r, shown: newProgressView(env, string(r.App)), end: end}
		err = w.run(ctx, f.timeout)
		w.shown.close()
	}
	if end.Status != nil && end.Outcome != outcomeReady {
		end.Next = appview.Next(end.Status)
	}
	if !r.Changed {
		verb = "unchanged"
	}
	if f.output == "json" {
		if e := show.JSON(env.Stdout, end, false); e != nil {
			return e
		}
		return err
	}
	return f.say(ctx, env, s, end, verb, err)
}

// say tells a person what came of it.
func (f *rolloutFlags) say(ctx context.Context, env *Env, s *session, end *rolloutEnd, verb string, err error) error {
	if err != nil {
		return withNext(err, end.Next)
	}
	what := string(end.App)
	if end.Version != "" && end.Outcome != outcomeUndeployed {
		what += " version " + end.Version
	}
	if end.Outcome == outcomeUnderWay && end.Changed {
		return done(env, "%s is to be %s: wattle app status %s", what, verb, end.App)
	}
	what += " " + verb
	switch end.Outcome {
	case outcomeUnderWay:
		return done(env, "%s: wattle app status %s", what, end.App)
	case outcomeCanary:
		part := "it takes a part of the calls"
		if !taking(end.Status) {
			part = printable(end.Status.Reason)
		}
		return done(env, "%s: %s\n  all of them: wattle app promote %s\n  none:        wattle app rollback %s", what, part, end.App, end.App)
	case outcomeUndeployed:
		return done(env, "%s", what)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s ready", what, count(end.Status.Ready, "component"))
	for _, u := range s.urls(ctx, end.Status) {
		fmt.Fprintf(&b, "\n  %s", u)
	}
	if err := done(env, "%s", b.String()); err != nil {
		return err
	}
	return s.servers(ctx, env, end.Status)
}

// withNext adds to an error what can be done about it.
func withNext(err error, steps []string) error {
	for _, s := range steps {
		err = fmt.Errorf("%w\n%s", err, s)
	}
	return err
}

// urls returns where an application is answered.
func (s *session) urls(ctx context.Context, status *control.AppStatus) []string {
	s.locate(ctx, status)
	var urls []string
	for i := range status.Parts {
		urls = append(urls, status.Parts[i].URLs...)
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}

// locate puts into a status where the front door of a `wattle up` on this machine
// serves each part. Of other front doors the scheduler says what it can.
func (s *session) locate(ctx context.Context, status *control.AppStatus) {
	if s.local == nil || s.local.HTTP == "" {
		return
	}
	inv, err := s.Load(ctx, inventory.KindOf("components"))
	if err != nil {
		return // it is an extra
	}
	for i := range status.Parts {
		p := &status.Parts[i]
		p.URLs = nil
		id := lattice.ComponentID(p.ID)
		a, ok := inv.Components[id]
		if ready := readiness(inv, id); p.Kind != "component" || !ok || ready == nil || exported(ready.Exports, incomingHandler) == "" {
			continue
		}
		for _, r := range a.Routes {
			p.URLs = append(p.URLs, routeURL(s.local.HTTP, r))
		}
		if len(a.Routes) == 0 {
			p.URLs = []string{componentURL(s.local.HTTP, id)}
		}
	}
}

// routeURL returns where the front door of a `wattle up` serves a route.
func routeURL(front string, r lattice.Route) string {
	if at := strings.LastIndexByte(front, ':'); r.Host != "" && at >= 0 {
		front = "http://" + r.Host + front[at:]
	}
	return front + r.Path
}

// rolloutWait waits until an application is as it was asked to be.
type rolloutWait struct {
	*session
	result *control.AppResult
	shown  *progressView
	end    *rolloutEnd
	failed time.Time // since when it has been in phase failed, and no end was noted
	timed  *bool     // whether its canaries end by themselves, nil if that is not known
}

const (
	// lookAgain is how often the scheduler is asked.
	lookAgain = 250 * time.Millisecond
	// settle is how long the scheduler is given to go back by itself after it said
	// that something has failed.
	settle = 3 * time.Second
)

func (w *rolloutWait) run(ctx context.Context, limit time.Duration) error {
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		ended, err := w.look(timed)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%w: what is under way goes on: wattle app status %s", errInterrupted, w.result.App)
		case timed.Err() != nil:
			return w.late(limit)
		case ended || err != nil && !errors.Is(err, lattice.ErrUnavailable):
			return err
		case err != nil:
			w.shown.note("no scheduler answers: " + err.Error())
		}
		select {
		case <-tick.C:
		case <-timed.Done():
		}
	}
}

// late is that the time was over.
func (w *rolloutWait) late(limit time.Duration) error {
	why := ""
	if s := w.end.Status; s != nil {
		var reasons []string
		for _, p := range appview.Trouble(s) {
			if p.Reason != "" {
				reasons = append(reasons, fmt.Sprintf("%s %s: %s", p.Kind, p.Name, p.Reason))
			}
		}
		if len(reasons) == 0 && s.Reason != "" {
			reasons = []string{s.Reason}
		}
		why = ": it is " + string(s.Phase)
		if len(reasons) > 0 {
			why += ": " + strings.Join(reasons, "\n")
		}
	}
	w.end.Reason = strings.TrimPrefix(why, ": ")
	return &lateError{fmt.Sprintf("application %q is not %s after %v, and may still become so%s", w.result.App, w.wanted(), limit, why)}
}

// lateError is that something took longer than one would wait.
type lateError struct{ text string }

func (e *lateError) Error() string { return e.text }

// Unwrap returns context.DeadlineExceeded.
func (e *lateError) Unwrap() error { return context.DeadlineExceeded }

// wanted is what is waited for.
func (w *rolloutWait) wanted() string {
	if w.result.Deployed == "" {
		return outcomeUndeployed
	}
	return outcomeReady
}

// look asks how the application is, and reports whether that is the end, and whether
// a bad one.
func (w *rolloutWait) look(ctx context.Context) (ended bool, err error) {
	s := new(control.AppStatus)
	if err := w.control.Do(ctx, &control.AppStatusOf{App: w.result.App}, s); err != nil {
		return false, err
	}
	w.end.Status = s
	w.shown.show(appview.Progress(s))
	if w.result.Deployed == "" {
		if s.Deployed == "" && !placed(s) {
			w.end.Outcome = outcomeUndeployed
			return true, nil
		}
		return false, nil
	}
	switch {
	case s.Deployed != w.result.Deployed, s.Phase == control.AppFailed:
		return w.judged(ctx, s)
	case s.Phase == control.AppReady:
		w.end.Outcome = outcomeReady
		return true, nil
	case s.Phase == control.AppCanary && held(s) && !w.endsItself(ctx):
		w.end.Outcome = outcomeCanary
		return true, nil
	}
	w.failed = time.Time{}
	return false, nil
}

// placed reports whether hosts still have something of an application.
func placed(s *control.AppStatus) bool {
	for i := range s.Parts {
		if len(s.Parts[i].Hosts) > 0 {
			return true
		}
	}
	return false
}

// held reports whether nothing of an application is on its way but canaries.
func held(s *control.AppStatus) bool {
	for i := range s.Parts {
		if p := &s.Parts[i]; p.Phase != control.AppReady && p.Phase != control.AppCanary {
			return false
		}
	}
	return true
}

// taking reports whether a canary takes calls.
func taking(s *control.AppStatus) bool {
	return slices.ContainsFunc(s.Parts, func(p control.PartStatus) bool { return p.Phase == control.AppCanary && p.Ready > 0 })
}

// endsItself reports whether all canaries of the version end after some time, as its
// manifest says.
func (w *rolloutWait) endsItself(ctx context.Context) bool {
	if w.timed == nil {
		v := new(control.AppVersion)
		if err := w.control.Do(ctx, &control.GetApp{App: w.result.App, Version: w.result.Version}, v); err != nil {
			return true // it is asked again
		}
		timed := true
		if m, err := manifest.Parse("", []byte(v.Manifest)); err == nil {
			for i := range m.Components {
				canary := m.Components[i].Rollout.Canary
				timed = timed && (canary == nil || canary.HoldMillis > 0)
			}
		}
		w.timed = &timed
	}
	return *w.timed
}

// judged looks into the history for what became of the version.
func (w *rolloutWait) judged(ctx context.Context, s *control.AppStatus) (ended bool, err error) {
	h := new(control.AppHistory)
	if err := w.control.Do(ctx, &control.AppHistoryOf{App: w.result.App}, h); err != nil {
		return false, err
	}
	outcome, reason := outcomeUnderWay, s.Reason
	for i := range h.Deployments {
		if d := &h.Deployments[i]; d.Number == w.result.Number {
			outcome = d.Outcome
			if d.Reason != "" {
				reason = d.Reason
			}
		}
	}
	if s.Deployed == w.result.Deployed && outcome != outcomeFailed {
		// It may be rolled back in a moment.
		if w.failed.IsZero() {
			w.failed = time.Now()
		}
		if time.Since(w.failed) < settle {
			return false, nil
		}
		outcome = outcomeFailed
	}
	w.end.Outcome, w.end.Reason = outcome, reason
	what := fmt.Sprintf("application %q version %s", w.result.App, w.result.Version)
	switch {
	case outcome == outcomeFailed:
		return true, fmt.Errorf("%s does not run: %s", what, reason)
	case outcome == outcomeRolledBack && s.Deployed != "":
		return true, fmt.Errorf("%s did not become ready and was rolled back, version %s is deployed: %s", what, s.Deployed, reason)
	case outcome == outcomeRolledBack:
		return true, fmt.Errorf("%s did not become ready and was taken back: %s", what, reason)
	case s.Deployed == "":
		w.end.Outcome = outcomeReplaced
		return true, fmt.Errorf("%s: somebody has undeployed it meanwhile", what)
	}
	w.end.Outcome = outcomeReplaced
	return true, fmt.Errorf("%s: somebody has deployed version %s meanwhile", what, s.Deployed)
}
