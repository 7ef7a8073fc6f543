package cli

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

func componentStopCommand(env *Env) *cobra.Command {
	f := &componentFlags{}
	host := ""
	cmd := &cobra.Command{
		Use:     "stop [flags] ID",
		Short:   "End a component of a lattice",
		Long:    "End a component of a lattice, on all hosts or on one. Calls under way are finished\nfirst. The command waits until it has ended.",
		Example: "  wattle component stop hello\n  wattle component stop shop --host edge-1",

		DisableFlagsInUseLine: true,

		Args:              oneComponent(1, "the ID of a component"),
		ValidArgsFunction: f.completeKind(env, "components", 0, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.stop(cmd, env, lattice.ComponentID(args[0]), host)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&host, "host", "", "end it on this `HOST` only")
	f.addWait(fs)
	f.add(fs)
	completions := f.completions()
	completions["host"] = f.completeFlag(env, "hosts")
	completions["wait"] = completeNothing
	completeFlags(cmd, completions)
	return cmd
}

func (f *componentFlags) stop(cmd *cobra.Command, env *Env, id lattice.ComponentID, host string) error {
	ctx := cmd.Context()
	s, err := f.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	stop := &control.StopComponent{ID: id}
	if host != "" {
		h, err := s.host(ctx, host)
		if err != nil {
			return err
		}
		stop.Host = h.ID
	}
	r := new(control.ComponentResult)
	if err := s.control.Do(ctx, stop, r); err != nil {
		return interrupted(ctx, err)
	}
	s.notes(env, &r.Result)
	if f.wait > 0 {
		shown := newWait(env, "component "+string(id))
		err := s.waitFor(ctx, f.wait, "components", func(inv *inventory.Inventory, now time.Time) (bool, error) {
			left := 0
			for _, h := range r.Stopped {
				if report, ok := inv.Hosts[h]; ok && !report.Unreachable(now) && report.Runs(id) {
					left++
				}
			}
			shown.say("ends on %s", count(left, "host"))
			return left == 0, nil
		})
		shown.end()
		if err != nil {
			return err
		}
	}
	return done(env, "component %s stopped on %s", id, count(len(r.Stopped), "host"))
}

func componentScaleCommand(env *Env) *cobra.Command {
	f := &componentFlags{}
	scale := &control.ScaleComponent{}
	host := ""
	cmd := &cobra.Command{
		Use:     "scale [flags] ID",
		Short:   "Change on how many hosts a component runs, and how many calls at once",
		Long:    "Change on how many hosts of a lattice a component runs, or how many calls run at\nonce on each. Hosts that are added meet what the component was started with.",
		Example: "  wattle component scale shop --count 3\n  wattle component scale shop --max-instances 64",

		DisableFlagsInUseLine: true,

		Args:              oneComponent(1, "the ID of a component"),
		ValidArgsFunction: f.completeKind(env, "components", 0, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			if scale.Hosts < 0 || scale.MaxInstances < 0 || scale.Hosts == 0 && scale.MaxInstances == 0 {
				return &usageError{errors.New("scale takes --count or --max-instances, which must be positive")}
			}
			ctx := cmd.Context()
			s, err := f.open(ctx, env, cmd.Flags())
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			scale.ID = lattice.ComponentID(args[0])
			if host != "" {
				h, err := s.host(ctx, host)
				if err != nil {
					return err
				}
				scale.Host = h.ID
			}
			r := new(control.ComponentResult)
			if err := s.control.Do(ctx, scale, r); err != nil {
				return interrupted(ctx, err)
			}
			return f.finish(ctx, env, s, scale.ID, r, "scaled")
		},
	}
	fs := cmd.Flags()
	fs.IntVar(&scale.Hosts, "count", 0, "run on `N` hosts")
	fs.IntVar(&scale.MaxInstances, "max-instances", 0, "run `N` calls at once on each host")
	fs.StringVar(&host, "host", "", "change --max-instances on this `HOST` only")
	f.addWait(fs)
	f.add(fs)
	completions := f.completions()
	completions["host"] = f.completeFlag(env, "hosts")
	for _, name := range []string{"count", "max-instances", "wait"} {
		completions[name] = completeNothing
	}
	completeFlags(cmd, completions)
	return cmd
}

func componentUpdateCommand(env *Env) *cobra.Command {
	f := &componentFlags{}
	var annotations map[string]string
	cmd := &cobra.Command{
		Use:     "update [flags] ID FILE|REF",
		Short:   "Replace the binary of a component that runs",
		Long:    "Replace the binary of a component that runs on a lattice, and nothing else of it.\nEach host begins with the new one when it is ready and finishes calls with the old\none.",
		Example: "  wattle component update shop shop-v2.wasm",

		DisableFlagsInUseLine: true,

		Args:              oneComponent(2, "the ID of a component and a file"),
		ValidArgsFunction: f.completeKind(env, "components", 0, completeSecondFile),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			b, err := readBinary(ctx, env, args[1])
			if err != nil {
				return err
			}
			s, err := f.open(ctx, env, cmd.Flags())
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			update := &control.UpdateComponent{ID: lattice.ComponentID(args[0]), Annotations: annotations}
			if update.Ref, update.Digest, err = s.push(ctx, env, b, args[1]); err != nil {
				return interrupted(ctx, err)
			}
			r := new(control.ComponentResult)
			if err := s.control.Do(ctx, update, r); err != nil {
				return interrupted(ctx, err)
			}
			return f.finish(ctx, env, s, update.ID, r, "updated")
		},
	}
	fs := cmd.Flags()
	fs.StringToStringVar(&annotations, "annotation", nil, "note `KEY=VALUE` with the component; repeatable")
	f.addWait(fs)
	f.add(fs)
	completions := f.completions()
	completions["annotation"] = completeNothing
	completions["wait"] = completeNothing
	completeFlags(cmd, completions)
	return cmd
}
