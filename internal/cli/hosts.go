package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

func hostCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "host",
		Short: "Change what the hosts of a lattice do",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		hostStateCommand(env, "cordon", lattice.HostCordoned, "Have a host take no more components",
			"Have a host take no more components. What runs on it goes on."),
		hostStateCommand(env, "uncordon", lattice.HostReady, "Have a host take components again",
			"Have a host take components and calls again, after it was cordoned or drained."),
		hostStateCommand(env, "drain", lattice.HostDrained, "Have a host finish what runs, and run nothing",
			"Have a host leave the routes of the lattice, finish the calls under way and run\nnothing. Its daemon stays; uncordon makes it ready again. What runs on it is started\nelsewhere first, if there is a host for it.\n\nThe command waits until the host is drained, and says what for. Calls are not cut\noff before their own time limits."),
		hostStateCommand(env, "stop", lattice.HostStopped, "Drain a host and end its daemon",
			"Drain a host and end its daemon."),
		hostLabelCommand(env))
	return cmd
}

// hostFlags are the flags of the commands for a host.
type hostFlags struct {
	connectFlags
	wait time.Duration
}

// oneHost demands one argument, a host.
func oneHost(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{fmt.Errorf("%q takes one host: its name, its ID, or the beginning of its ID; got %d", cmd.CommandPath(), len(args))}
	}
	return nil
}

// defaultWait is how long commands wait for what they have asked for.
const defaultWait = 2 * time.Minute

func hostStateCommand(env *Env, verb string, state lattice.HostState, short, long string) *cobra.Command {
	f := &hostFlags{}
	cmd := &cobra.Command{
		Use:     verb + " [flags] HOST",
		Short:   short,
		Long:    long + "\n\nHOST is the name of a host, its ID, or the beginning of its ID.",
		Example: "  wattle host " + verb + " edge-1",

		DisableFlagsInUseLine: true,

		Args:              oneHost,
		ValidArgsFunction: f.completeKind(env, "hosts", 0, nil),
		RunE:              func(cmd *cobra.Command, args []string) error { return f.setState(cmd, env, args[0], state) },
	}
	fs := cmd.Flags()
	f.add(fs)
	completions := f.completions()
	fs.DurationVar(&f.wait, "timeout", defaultWait, "how long to wait until the host is so, a `DURATION`; 0 does not wait")
	completions["timeout"] = completeNothing
	completeFlags(cmd, completions)
	return cmd
}

// setState asks for a state and waits until the host has it.
func (f *hostFlags) setState(cmd *cobra.Command, env *Env, name string, state lattice.HostState) error {
	if f.wait < 0 {
		return &usageError{errors.New("--timeout must not be negative")}
	}
	ctx := cmd.Context()
	s, err := f.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	h, err := s.host(ctx, name)
	if err != nil {
		return err
	}
	r := new(control.Result)
	if err := s.control.Do(ctx, &control.SetHostState{Host: h.ID, State: state}, r); err != nil {
		return interrupted(ctx, err)
	}
	s.notes(env, r)
	if f.wait == 0 {
		return done(env, "host %s is to be %s", hostLabel(h), state)
	}
	shown := newWait(env, "host "+hostLabel(h))
	err = s.waitFor(ctx, f.wait, "components", func(inv *inventory.Inventory, now time.Time) (bool, error) {
		have, ok := inv.Hosts[h.ID]
		switch {
		case !ok && state == lattice.HostStopped:
			return true, nil
		case !ok:
			return false, nil
		case have.State == state && (r.Stamp.Compare(have.Applied) <= 0 || state == lattice.HostStopped):
			return true, nil
		case have.Unreachable(now):
			shown.say("nothing was heard of it since %s", have.Seen.Local().Format(time.TimeOnly))
			return false, nil
		}
		shown.say("%s: %s and %s left%s", have.State, count(int(have.Load.Running+have.Load.Waiting), "call"), count(len(have.Components), "component"), leaving(inv, h.ID, now))
		return false, nil
	})
	shown.end()
	if err != nil {
		return fmt.Errorf("host %s is not %s: %w", hostLabel(h), state, err)
	}
	return done(env, "host %s is %s", hostLabel(h), state)
}

// leaving says of which components a host that is to be drained waits for others: a
// host keeps what it runs until that is ready elsewhere.
func leaving(inv *inventory.Inventory, id lattice.HostID, now time.Time) string {
	var names []string
	for _, a := range inv.Components {
		if slices.Contains(a.Hosts(), id) {
			ready := 0
			c := inv.Component(a.Component, now)
			for _, s := range c.Status {
				if s.Host != id && s.Ready && s.Reachable {
					ready++
				}
			}
			text := fmt.Sprintf("%s (%d of %d others are ready)", a.Component, ready, len(c.Status)-1)
			if len(c.Status) == 1 {
				text = fmt.Sprintf("%s (no other host has it)", a.Component)
			}
			names = append(names, text)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	more := ""
	if n := len(names) - maxLeaving; n > 0 {
		names, more = names[:maxLeaving], fmt.Sprintf(" and %d more", n)
	}
	return "; it waits until these run elsewhere: " + strings.Join(names, ", ") + more
}

// maxLeaving bounds the components that a line names.
const maxLeaving = 4

// hostLabel names a host for people.
func hostLabel(h *inventory.Host) string {
	return h.ID.Called(h.Name)
}

// host finds a host by its name, its ID, or the beginning of its ID.
func (s *session) host(ctx context.Context, name string) (*inventory.Host, error) {
	inv, err := s.Load(ctx, inventory.KindOf("hosts"))
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	return findHost(inv, name)
}

func findHost(inv *inventory.Inventory, name string) (*inventory.Host, error) {
	var named, begins []inventory.Host
	var names []string
	for _, h := range inv.Hosts {
		names = append(names, h.Name)
		switch {
		case string(h.ID) == name:
			return &h, nil
		case h.Name == name:
			named = append(named, h)
		case name != "" && strings.HasPrefix(string(h.ID), name):
			begins = append(begins, h)
		}
	}
	// Names are what people gave; a host that has stopped does not keep its name.
	live := slices.DeleteFunc(slices.Clone(named), func(h inventory.Host) bool { return h.State == lattice.HostStopped })
	for _, found := range [][]inventory.Host{live, named, begins} {
		switch len(found) {
		case 0:
			continue
		case 1:
			return &found[0], nil
		}
		var labels []string
		for _, h := range found {
			labels = append(labels, fmt.Sprintf("%s (%s)", h.Name, h.ID))
		}
		slices.Sort(labels)
		return nil, &usageError{fmt.Errorf("%q could be each of %s: use the ID, or more of it", name, strings.Join(labels, ", "))}
	}
	slices.Sort(names)
	return nil, fmt.Errorf("host %q: %w%s", name, lattice.ErrNotFound, nearest.Hint(name, names))
}

func hostLabelCommand(env *Env) *cobra.Command {
	f := &hostFlags{}
	cmd := &cobra.Command{
		Use:     "label [flags] HOST KEY=VALUE|KEY-...",
		Short:   "Give a host labels, or take them away",
		Long:    "Give a host labels, KEY=VALUE, over its own; KEY- takes one away that was given\nin this way. Labels that a host has detected, such as arch, cannot be changed.",
		Example: "  wattle host label edge-1 zone=a disk=ssd\n  wattle host label edge-1 disk-",

		DisableFlagsInUseLine: true,

		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return &usageError{errors.New("label takes a host and labels: KEY=VALUE gives one, KEY- takes it away")}
			}
			for _, a := range args[1:] {
				if key, _, ok := strings.Cut(a, "="); (!ok && !strings.HasSuffix(a, "-")) || key == "" || a == "-" {
					return &usageError{fmt.Errorf("%q is no label: write KEY=VALUE, or KEY- to take it away", a)}
				}
			}
			return nil
		},
		ValidArgsFunction: f.completeKind(env, "hosts", 0, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.label(cmd, env, args[0], args[1:])
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}

// labelWait is how long it is waited until a host shows its labels.
const labelWait = 5 * time.Second

func (f *hostFlags) label(cmd *cobra.Command, env *Env, name string, labels []string) error {
	ctx := cmd.Context()
	s, err := f.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	h, err := s.host(ctx, name)
	if err != nil {
		return err
	}
	r := new(control.Result)
	last := lattice.Stamp{} // of what has changed
	for _, l := range labels {
		var change control.Command = &control.DeleteLabel{Host: h.ID, Key: strings.TrimSuffix(l, "-")}
		if key, value, ok := strings.Cut(l, "="); ok {
			change = &control.PutLabel{Host: h.ID, Key: key, Value: value}
		}
		*r = control.Result{}
		if err := s.control.Do(ctx, change, r); err != nil {
			return interrupted(ctx, fmt.Errorf("label %q: %w", l, err))
		}
		s.notes(env, r)
		if r.Changed {
			last = r.Stamp
		}
	}
	if last == (lattice.Stamp{}) {
		return done(env, "host %s: nothing has changed", hostLabel(h))
	}
	err = s.waitFor(ctx, labelWait, "hosts", func(inv *inventory.Inventory, _ time.Time) (bool, error) {
		have := inv.Hosts[h.ID]
		return last.Compare(have.Applied) <= 0, nil
	})
	if errors.Is(err, errInterrupted) {
		return err
	} else if err != nil {
		return done(env, "host %s: labels changed; it has not heard of it yet", hostLabel(h))
	}
	return done(env, "host %s: labels changed", hostLabel(h))
}
