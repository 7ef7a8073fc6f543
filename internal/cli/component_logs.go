package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/host/daemon"
	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// logsFlags are the flags of `wattle component logs`.
type logsFlags struct {
	connectFlags
	follow bool
	tail   int
	output string
}

func componentLogsCommand(env *Env) *cobra.Command {
	f := &logsFlags{}
	cmd := &cobra.Command{
		Use:     "logs [flags] ID",
		Short:   "Print what a component writes to its standard output and error",
		Long:    "Print the last lines that a component wrote to its standard output and error, on\nall of its hosts, and with --follow those that it writes from now on, until Ctrl-C.",
		Example: "  wattle component logs hello\n  wattle component logs hello --follow --tail 10",

		DisableFlagsInUseLine: true,

		Args:              oneComponent(1, "the ID of a component"),
		ValidArgsFunction: f.completeKind(env, "components", 0, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, env, lattice.ComponentID(args[0]))
		},
	}
	fs := cmd.Flags()
	fs.BoolVarP(&f.follow, "follow", "f", false, "go on with what it writes from now on")
	fs.IntVar(&f.tail, "tail", 100, "begin with the last `N` lines of each host")
	fs.StringVarP(&f.output, "output", "o", "text", "print as `FORMAT`: text or json")
	f.add(fs)
	completions := f.completions()
	completions["tail"] = completeNothing
	completions["output"] = completeOutput
	completeFlags(cmd, completions)
	return cmd
}

// lease is how long hosts publish lines without being asked again.
const lease = 30 * time.Second

func (f *logsFlags) run(cmd *cobra.Command, env *Env, id lattice.ComponentID) error {
	if err := checkOutput(f.output); err != nil {
		return err
	}
	if f.tail < 0 {
		return &usageError{errors.New("--tail must not be negative")}
	}
	ctx := cmd.Context()
	s, err := f.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	live := make(chan *lattice.Message, maxWaiting)
	if f.follow {
		sub, err := s.Subscribe(wire.Subjects{Lattice: s.name}.Logs(id), "", func(m *lattice.Message) {
			if wire.FromJetStream(m) {
				return // no host has written it
			}
			select {
			case live <- m:
			default: // nobody reads as fast as it writes
			}
		})
		if err != nil {
			return fmt.Errorf("listen to the component: %w", err)
		}
		defer func() { _ = sub.Unsubscribe() }()
	}
	inv, err := s.askLogs(ctx, env, id, f.tail, f.follow, func(l daemon.LogLine, inv *inventory.Inventory) error {
		return f.print(env.Stdout, inv, &l)
	})
	if err != nil || !f.follow {
		return interrupted(ctx, err)
	}
	renew := time.NewTicker(lease / 2)
	defer renew.Stop()
	for {
		select {
		case m := <-live:
			var l daemon.LogLine
			if json.Unmarshal(m.Data, &l) != nil || m.Subject != (wire.Subjects{Lattice: s.name}).Log(l.Host, id) {
				continue
			}
			if err := f.print(env.Stdout, inv, &l); err != nil {
				return err
			}
		case <-renew.C:
			if next, err := s.askLogs(ctx, env, id, 0, true, nil); err == nil {
				inv = next // it may run on other hosts by now
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// askLogs asks the hosts of a component for its last lines, and to publish further
// ones if follow is set. f is given the lines of all hosts in the order of time.
func (s *session) askLogs(ctx context.Context, env *Env, id lattice.ComponentID, tail int, follow bool, f func(daemon.LogLine, *inventory.Inventory) error) (*inventory.Inventory, error) {
	kind := inventory.KindOf("components")
	inv, err := s.Load(ctx, kind)
	if err != nil {
		return nil, err
	}
	a, ok := inv.Components[id]
	if !ok {
		return nil, notFound(kind, kind.Rows(inv, time.Now()), string(id))
	}
	q := daemon.LogRequest{Component: id, Tail: tail}
	if follow {
		q.Seconds = int(lease / time.Second)
	}
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	var lines []daemon.LogLine
	asked, hosts := 0, a.Hosts()
	for _, h := range hosts {
		reply, err := s.askHost(ctx, h, body)
		if err != nil {
			if ctx.Err() != nil {
				return nil, errInterrupted
			}
			if f != nil {
				fmt.Fprintf(env.Stderr, "wattle: host %s: %s\n", printable(inv.Name(h)), printable(err.Error()))
			}
			continue
		}
		asked++
		lines = append(lines, reply.Lines...)
	}
	if asked == 0 {
		return nil, fmt.Errorf("component %q: %w: none of its %s answers", id, lattice.ErrUnavailable, count(len(hosts), "host"))
	}
	slices.SortStableFunc(lines, func(a, b daemon.LogLine) int { return a.Time.Compare(b.Time) })
	for _, l := range lines {
		if f == nil {
			break
		}
		if err := f(l, inv); err != nil {
			return nil, err
		}
	}
	return inv, nil
}

// askHost sends a LogRequest to a host.
func (s *session) askHost(ctx context.Context, h lattice.HostID, body []byte) (*daemon.LogReply, error) {
	m, err := s.Request(ctx, &lattice.Message{Subject: wire.Subjects{Lattice: s.name}.Endpoint(h, daemon.EndpointLogs), Data: body})
	if err != nil {
		return nil, err
	}
	var reply struct {
		daemon.LogReply
		Error json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &reply); err != nil {
		return nil, err
	}
	if reply.Error != nil {
		return nil, control.DecodeReply(m.Data, &struct{}{})
	}
	return &reply.LogReply, nil
}

// print prints a line.
func (f *logsFlags) print(w io.Writer, inv *inventory.Inventory, l *daemon.LogLine) error {
	if f.output == "json" {
		return show.JSON(w, l, true)
	}
	from, text := l.Stream, l.Text
	if l.Level != "" { // an entry, and no line of a stream
		from = l.Level
	}
	if l.Context != "" {
		text = l.Context + ": " + text
	}
	_, err := fmt.Fprintf(w, "%s %s [%d %s] %s\n", l.Time.Local().Format(time.TimeOnly), show.Text(inv.Name(l.Host)), l.Instance, show.Text(from), show.Text(text))
	return err
}
