package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// watchFlags are the flags of `wattle watch`.
type watchFlags struct {
	connectFlags
	output string
	since  time.Duration
}

// eventKinds are the kinds of events, for completion and mistakes.
var eventKinds = []string{
	lattice.EventHostStarted, lattice.EventHostStopped, lattice.EventHostState, lattice.EventHostLabels,
	lattice.EventComponentStarted, lattice.EventComponentFailed, lattice.EventComponentStopped, lattice.EventComponentScaled,
	lattice.EventLinkPut, lattice.EventLinkDeleted, lattice.EventConfigPut, lattice.EventConfigDeleted,
	lattice.EventAppPut, lattice.EventAppDeployed, lattice.EventAppReady, lattice.EventAppRolledBack, lattice.EventAppUndeployed, lattice.EventAppDeleted,
}

const watchHelp = `Print what happens on a lattice, until Ctrl-C.

Each TYPE is the kind of an event, such as component.started, or a pattern such
as 'host.*'; without any all are printed. With -o json each event is a line, a
CloudEvent as the lattice has it.

Events are news: what a lattice is like is told by "wattle get".`

const watchExamples = `  wattle watch
  wattle watch --since 1h 'component.*'
  wattle watch -o json host.state`

func watchCommand(env *Env) *cobra.Command {
	f := &watchFlags{}
	cmd := &cobra.Command{
		Use:     "watch [flags] [TYPE...]",
		Short:   "Print what happens on a lattice",
		Long:    watchHelp,
		Example: watchExamples,

		DisableFlagsInUseLine: true,

		Args: func(_ *cobra.Command, args []string) error {
			for _, a := range args {
				if !slices.ContainsFunc(eventKinds, func(k string) bool { return matches(a, k) }) {
					return &usageError{fmt.Errorf("no event is of type %q: there are %s", a, strings.Join(eventKinds, ", "))}
				}
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions(eventKinds, cobra.ShellCompDirectiveNoFileComp),
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, env, args) },
	}
	fs := cmd.Flags()
	fs.StringVarP(&f.output, "output", "o", "text", "print as `FORMAT`: text or json")
	fs.DurationVar(&f.since, "since", 0, "begin with what happened within a `DURATION` such as 1h")
	f.add(fs)
	completions := f.completions()
	completions["output"] = completeOutput
	completions["since"] = completeNothing
	completeFlags(cmd, completions)
	return cmd
}

// matches reports whether a kind of event is of a type, which may be a pattern.
func matches(pattern, kind string) bool {
	ok, err := path.Match(strings.TrimPrefix(pattern, lattice.EventPrefix), kind)
	return ok && err == nil
}

// maxWaiting is how many events wait to be printed. Those beyond it are lost, and
// that they are is said.
const maxWaiting = 4096

func (f *watchFlags) run(cmd *cobra.Command, env *Env, types []string) error {
	if err := checkOutput(f.output); err != nil {
		return err
	}
	if f.since < 0 {
		return &usageError{errors.New("--since must not be negative")}
	}
	ctx := cmd.Context()
	s, err := f.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	p := &eventPrinter{w: env.Stdout, json: f.output == "json", types: types, seen: map[string]bool{}}
	p.name = func(id lattice.HostID) string { return id.Short() }
	if inv, err := s.Load(ctx, inventory.KindOf("hosts")); err == nil {
		p.name = inv.Name
	}

	live := make(chan *lattice.Message, maxWaiting)
	lost := make(chan struct{}, 1)
	subjects := wire.Subjects{Lattice: s.name}
	sub, err := s.Subscribe(subjects.Events(), "", func(m *lattice.Message) {
		if wire.FromJetStream(m) {
			return // it did not happen now, and who says so is not known
		}
		select {
		case live <- m:
		default:
			select {
			case lost <- struct{}{}:
			default:
			}
		}
	})
	if err != nil {
		return fmt.Errorf("listen to events: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if f.since > 0 {
		stream := wire.Buckets{Lattice: s.name}.Events()
		if err := s.Replay(ctx, stream, subjects.Events(), time.Now().Add(-f.since), p.print); err != nil {
			return fmt.Errorf("read the events of the last %v: %w", f.since, err)
		}
	}
	return p.follow(ctx, live, lost, env.Stderr)
}

// follow prints events as they come.
func (p *eventPrinter) follow(ctx context.Context, live <-chan *lattice.Message, lost <-chan struct{}, stderr io.Writer) error {
	for {
		select {
		case m := <-live:
			if err := p.print(m); err != nil {
				return err
			}
		case <-lost:
			fmt.Fprintln(stderr, "wattle: events were lost: they come faster than they are read")
		case <-ctx.Done():
			return nil
		}
	}
}

// maxSeen bounds the events that are remembered so that none is printed twice.
const maxSeen = 1 << 16

// eventPrinter prints events.
type eventPrinter struct {
	w     io.Writer
	json  bool
	types []string
	seen  map[string]bool // by source and ID
	name  func(lattice.HostID) string
}

// print prints an event if it is one, of a type that was asked for, and from whom
// it says: hosts can publish on subjects of their own only.
func (p *eventPrinter) print(m *lattice.Message) error {
	e, err := wire.DecodeEvent(m.Data)
	if err != nil {
		return nil //nolint:nilerr // what is no event is not printed
	}
	kind := strings.TrimPrefix(e.Type, lattice.EventPrefix)
	if len(p.types) > 0 && !slices.ContainsFunc(p.types, func(t string) bool { return matches(t, kind) }) {
		return nil
	}
	if source, ok := eventSource(m.Subject); !ok || source != e.Source {
		return nil
	}
	key := e.Source + " " + e.ID
	if p.seen[key] {
		return nil
	}
	if len(p.seen) == maxSeen {
		clear(p.seen)
	}
	p.seen[key] = true
	if p.json {
		return show.JSON(p.w, e, true)
	}
	source := e.Source
	if id, err := lattice.ParseHostID(source); err == nil {
		source = p.name(id)
	}
	line := fmt.Sprintf("%s  %-17s  %s", e.Time.Local().Format(time.DateTime), kind, source)
	if subject := e.Subject; subject != "" && subject != e.Source {
		if id, err := lattice.ParseHostID(subject); err == nil {
			subject = p.name(id)
		}
		line += "  " + subject
	}
	if detail := p.detail(e.Data); detail != "" {
		line += "  " + detail
	}
	_, err = fmt.Fprintln(p.w, show.Text(line))
	return err
}

// eventSource returns who can publish on the subject of an event.
func eventSource(subject string) (string, bool) {
	tokens := strings.Split(subject, ".")
	i := slices.Index(tokens, "event")
	switch {
	case i < 0 || i+2 >= len(tokens):
		return "", false
	case tokens[i+1] == "scheduler":
		return "scheduler", true
	case tokens[i+1] == "host":
		return tokens[i+2], true
	}
	return "", false
}

// detail returns what matters the most in the data of an event.
func (p *eventPrinter) detail(data json.RawMessage) string {
	var d struct {
		// Host is what the scheduler says something of.
		Host   lattice.HostID `json:"host"`
		State  string         `json:"state"`
		Reason string         `json:"reason"`
		Ref    string         `json:"ref"`
		Target string         `json:"target"`
		// Version is that of an application.
		Version string `json:"version"`
	}
	if json.Unmarshal(data, &d) != nil {
		return "" // it is of a kind that is not known here
	}
	var parts []string
	if id, err := lattice.ParseHostID(string(d.Host)); err == nil {
		parts = append(parts, "on "+p.name(id))
	}
	for _, s := range []string{d.State, d.Version, d.Ref, d.Target, d.Reason} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "  ")
}
