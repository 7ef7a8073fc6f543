package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// schedulerNode is a scheduler as it says of itself, and its JSON form.
type schedulerNode struct {
	// Service is the ID of its microservice.
	Service string `json:"service"`
	Version string `json:"version"`
	scheduler.Status
	// Silent says that it is one of the cluster, by the word of another, and has not
	// answered.
	Silent bool `json:"silent,omitempty"`
}

// problem says what is wrong with it, empty if nothing is known to be.
func (n *schedulerNode) problem() string { return cmp.Or(n.Log.Err, n.Problem) }

var schedulerColumns = []show.Column{
	{Name: "ID"},
	{Name: "ROLE"},
	{Name: "TERM"},
	{Name: "INDEX", Live: true},
	{Name: "LAG", Live: true},
	{Name: "ADDRESS"},
	{Name: "VERSION"},
	{Name: "PROBLEM"},
	{Name: "SNAPSHOT", Wide: true},
	{Name: "LOG", Wide: true},
	{Name: "APPS", Wide: true},
	{Name: "COMPONENTS", Wide: true},
	{Name: "SERVICE", Wide: true},
}

func schedulerStatusCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	output := ""
	cmd := &cobra.Command{
		Use:     "status [flags]",
		Short:   "Show the schedulers of a lattice, and which of them leads",
		Long:    "Show the schedulers of a lattice: which of them leads, how far each is in the log and\nhow far behind the leader, and what is wrong. The exit code is 1 if none leads.",
		Example: "  wattle scheduler status\n  wattle scheduler status -o json",

		DisableFlagsInUseLine: true,

		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			format, err := parseFormat(output)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			s, err := f.open(ctx, env, cmd.Flags())
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			nodes, err := s.schedulers(ctx)
			if err != nil {
				return interrupted(ctx, err)
			}
			return writeSchedulers(env, s, nodes, format)
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	addFormat(cmd, &output)
	return cmd
}

func writeSchedulers(env *Env, s *session, nodes []schedulerNode, format show.Format) error {
	if ok, err := document(env.Stdout, nodes, format); ok && err != nil {
		return err
	} else if !ok {
		table := show.Table{Columns: schedulerColumns, Wide: format == show.FormatWide}
		if err := table.Write(env.Stdout, schedulerRows(nodes)); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(nodes, func(n schedulerNode) bool { return n.Leads }) {
		return nil
	}
	why := "most of them have to run and reach each other"
	if i := slices.IndexFunc(nodes, func(n schedulerNode) bool { return n.problem() != "" }); i >= 0 {
		why = nodes[i].Log.ID + ": " + nodes[i].problem()
	}
	return fmt.Errorf("lattice %q: none of %s leads: %s", s.name, count(len(nodes), "scheduler"), why)
}

func schedulerRows(nodes []schedulerNode) []show.Row {
	last := uint64(0)
	for i := range nodes {
		last = max(last, nodes[i].Log.Committed)
	}
	rows := make([]show.Row, len(nodes))
	for i := range nodes {
		n := &nodes[i]
		number := func(v uint64) string { return strconv.FormatUint(v, 10) }
		cells := []string{
			n.Log.ID, n.Log.Role, number(n.Log.Term), number(n.Log.Applied), number(last - min(n.Log.Applied, last)), n.Log.Address, n.Version,
			cmp.Or(n.problem(), "-"), number(n.Log.Snapshot), show.Bytes(uint64(max(n.Log.LogBytes, 0))), //nolint:gosec // it is not negative
			strconv.Itoa(n.Apps), strconv.Itoa(n.Components), n.Service,
		}
		if n.Silent {
			cells = []string{n.Log.ID, "-", "-", "-", "-", n.Log.Address, "-", "it does not answer", "-", "-", "-", "-", "-"}
		}
		rows[i] = show.Row{Key: n.Log.ID, Cells: cells}
	}
	return rows
}

const (
	// pingTime is how long schedulers have to say that they are there, and quietTime how
	// long it is waited for the next one after the last.
	pingTime  = 2 * time.Second
	quietTime = 300 * time.Millisecond
	// maxSchedulers bounds those that are asked.
	maxSchedulers = 64
)

// schedulers asks all schedulers of the lattice how they are.
func (s *session) schedulers(ctx context.Context) ([]schedulerNode, error) {
	ids, err := s.pingSchedulers(ctx)
	if err != nil {
		return nil, err
	}
	nodes := make([]*schedulerNode, len(ids))
	var wg sync.WaitGroup
	for i, p := range ids {
		wg.Go(func() {
			n := &schedulerNode{Service: p.ID, Version: p.Version}
			answer, err := s.Request(ctx, &lattice.Message{Subject: wire.Subjects{Lattice: s.name}.SchedulerEndpoint(p.ID, scheduler.EndpointState)})
			if err == nil && json.Unmarshal(answer.Data, &n.Status) == nil && n.Lattice == s.name {
				nodes[i] = n
			}
		})
	}
	wg.Wait()
	var all []schedulerNode
	for _, n := range nodes {
		if n != nil {
			all = append(all, *n)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("lattice %q: %w: no scheduler answers: start one with wattle up or wattle scheduler run", s.name, lattice.ErrUnavailable)
	}
	for _, n := range slices.Clone(all) {
		for _, m := range n.Log.Members {
			if !slices.ContainsFunc(all, func(n schedulerNode) bool { return n.Log.ID == m.ID }) && len(all) < maxSchedulers {
				silent := schedulerNode{Silent: true}
				silent.Log.ID, silent.Log.Address = m.ID, m.Address
				all = append(all, silent)
			}
		}
	}
	slices.SortFunc(all, func(a, b schedulerNode) int {
		return cmp.Or(strings.Compare(a.Log.ID, b.Log.ID), strings.Compare(a.Service, b.Service))
	})
	return all, nil
}

// pong is a microservice's word that it is there.
type pong struct {
	ID, Version string
	Metadata    map[string]string
}

// pingSchedulers returns the schedulers that say that they are there.
func (s *session) pingSchedulers(ctx context.Context) ([]pong, error) {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	answers := make(chan pong, maxSchedulers)
	inbox := s.NewInbox()
	sub, err := s.Subscribe(inbox, "", func(m *lattice.Message) {
		var p pong
		if m.NoResponders() || json.Unmarshal(m.Data, &p) != nil || p.Metadata["lattice"] != string(s.name) {
			return
		}
		if _, err := lattice.ParseComponentID(p.ID); err != nil {
			return // it becomes part of a subject
		}
		select {
		case answers <- p:
		default: // there are more than anyone has
		}
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := s.Publish(&lattice.Message{Subject: "$SRV.PING." + scheduler.ServiceName, Reply: inbox}); err != nil {
		return nil, err
	}
	var found []pong
	quiet := time.NewTimer(pingTime)
	defer quiet.Stop()
	for {
		select {
		case p := <-answers:
			if !slices.ContainsFunc(found, func(f pong) bool { return f.ID == p.ID }) && len(found) < maxSchedulers {
				found = append(found, p)
			}
			quiet.Reset(quietTime)
		case <-quiet.C:
			return found, nil
		case <-ctx.Done():
			return found, nil
		}
	}
}

// clusterCommand makes a command that changes the cluster of schedulers, or nothing of it.
func clusterCommand(env *Env, cmd *cobra.Command, change func(args []string) control.Command, said func(args []string, r *control.ClusterResult) string) *cobra.Command {
	f := &connectFlags{}
	cmd.DisableFlagsInUseLine = true
	cmd.ValidArgsFunction = completeNothing
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		s, err := f.open(ctx, env, cmd.Flags())
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		r := new(control.ClusterResult)
		if err := s.control.Do(ctx, change(args), r); err != nil {
			return interrupted(ctx, err)
		}
		for _, n := range r.Notes {
			fmt.Fprintf(env.Stderr, "wattle: %s\n", printable(n))
		}
		return done(env, "%s; the schedulers are %s", said(args, r), strings.Join(r.Members, ", "))
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}

// oneScheduler demands one argument, a scheduler.
func oneScheduler(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return &usageError{fmt.Errorf("%q takes %s, got %d arguments", cmd.CommandPath(), what, len(args))}
		}
		return nil
	}
}

func schedulerAddCommand(env *Env) *cobra.Command {
	return clusterCommand(env, &cobra.Command{
		Use:     "add [flags] HOST:PORT",
		Short:   "Add a scheduler that waits for it to those of a lattice",
		Long:    "Add a scheduler that runs with --join-cluster, and waits, to those of a lattice. It\ngets all that there is, and counts from then on: have one, three or five of them.",
		Example: "  wattle scheduler add 10.0.0.4:7700",
		Args:    oneScheduler("the address of a scheduler, HOST:PORT"),
	}, func(args []string) control.Command { return &control.AddScheduler{Address: args[0]} },
		func(args []string, r *control.ClusterResult) string {
			if !r.Changed {
				return fmt.Sprintf("scheduler %s is one of them already", args[0])
			}
			return fmt.Sprintf("scheduler %s added", args[0])
		})
}

func schedulerRemoveCommand(env *Env) *cobra.Command {
	return clusterCommand(env, &cobra.Command{
		Use:     "remove [flags] ID",
		Short:   "Take a scheduler out of those of a lattice",
		Long:    "Take a scheduler out of those of a lattice, by its ID in \"wattle scheduler status\",\nwhether it runs or is lost for ever. One that runs decides nothing any more: stop it.",
		Example: "  wattle scheduler remove 10.0.0.4:7700",
		Args:    oneScheduler("the ID of a scheduler"),
	}, func(args []string) control.Command { return &control.RemoveScheduler{ID: args[0]} },
		func(args []string, r *control.ClusterResult) string {
			if !r.Changed {
				return fmt.Sprintf("scheduler %s was none of them", args[0])
			}
			return fmt.Sprintf("scheduler %s removed", args[0])
		})
}

func schedulerSnapshotCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	cmd := &cobra.Command{
		Use:     "snapshot [flags] [FILE]",
		Short:   "Save all that the scheduler knows to a file",
		Long:    "Have the scheduler write down all that it knows, and save that to a file, from which\n\"wattle scheduler restore\" begins anew. A file that is there is not replaced.",
		Example: "  wattle scheduler snapshot\n  wattle scheduler snapshot prod.snapshot",

		DisableFlagsInUseLine: true,

		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{fmt.Errorf("%q takes one file, got %d", cmd.CommandPath(), len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			s, err := f.open(ctx, env, cmd.Flags())
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			file := cmp.Or(argument(args, 0), fmt.Sprintf("%s-%s.snapshot", s.name, time.Now().UTC().Format("20060102-150405")))
			return interrupted(ctx, s.saveSnapshot(ctx, env, file))
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}

// saveSnapshot has a snapshot made and saves it, all of it or nothing.
func (s *session) saveSnapshot(ctx context.Context, env *Env, file string) (err error) {
	if err := s.control.Do(ctx, &control.TakeSnapshot{}, new(control.ClusterResult)); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return cause(file, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(room(err), f.Close(), os.Remove(file))
		}
	}()
	shown := newWait(env, "saving "+file)
	first, err := s.export(ctx, f, shown)
	shown.end()
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return done(env, "%s has the state of lattice %s up to %d: %s", file, s.name, first.Index, formatSize(uint64(first.Total))) //nolint:gosec // export has checked it
}

// maxSnapshot bounds a snapshot, in bytes.
const maxSnapshot = 16 << 30

// export writes the parts of the last snapshot, and returns the first, without its data.
func (s *session) export(ctx context.Context, w io.Writer, shown *wait) (*control.Export, error) {
	var first *control.Export
	for at := int64(0); first == nil || at < first.Total; {
		ask := &control.ExportState{Offset: at}
		if first != nil {
			ask.Snapshot = first.Snapshot
		}
		part := new(control.Export)
		if err := s.control.Do(ctx, ask, part); err != nil {
			return nil, err
		}
		if first == nil {
			first = part
		}
		n := int64(len(part.Data))
		if part.Total != first.Total || part.Snapshot != first.Snapshot || part.Offset != at || n == 0 || n > part.Total-at || part.Total > maxSnapshot {
			return nil, fmt.Errorf("snapshot %.80q at byte %d of %d: %w: the scheduler sent another part", first.Snapshot, at, first.Total, lattice.ErrInvalid)
		}
		if _, err := w.Write(part.Data); err != nil {
			return nil, err
		}
		at += n
		shown.say("%s of %s", formatSize(uint64(at)), formatSize(uint64(first.Total))) //nolint:gosec // they are not negative
	}
	first.Data = nil
	return first, nil
}
