package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// deployFlags are the flags of `wattle app deploy`.
type deployFlags struct {
	rolloutFlags
	version string
}

const appDeployHelp = `Have an application run as a manifest says: FILE, or - for standard input. It is
checked first, as "wattle app validate" does; images that are files, relative to the
manifest, are stored in the lattice. The same manifest again changes nothing.

In the place of a file, APP is the name of an application whose newest version, or
that of --version, is deployed again.

` + rolloutHelp

const appDeployExamples = `  wattle app deploy examples/echo/wattle.yaml
  wattle app deploy wattle.yaml --timeout 5m -o json
  wattle app deploy shop --version 1.4.0`

func appDeployCommand(env *Env) *cobra.Command {
	f := &deployFlags{}
	cmd := &cobra.Command{
		Use:     "deploy [flags] FILE|APP",
		Short:   "Have an application run as a manifest says",
		Long:    appDeployHelp,
		Example: appDeployExamples,

		DisableFlagsInUseLine: true,

		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{fmt.Errorf("%q takes one manifest, or the name of an application, got %d arguments", cmd.CommandPath(), len(args))}
			}
			return nil
		},
		ValidArgsFunction: completeManifest,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, env, args[0]) },
	}
	cmd.Flags().StringVar(&f.version, "version", "", "deploy this `VERSION` of APP (default: the newest)")
	f.addRollout(cmd)
	completeFlags(cmd, map[string]cobra.CompletionFunc{"version": f.completeVersions(env)})
	return cmd
}

func (f *deployFlags) run(cmd *cobra.Command, env *Env, what string) error {
	if err := f.check(); err != nil {
		return err
	}
	app, stored := f.stored(what)
	if f.version != "" && !stored {
		return &usageError{errors.New("--version goes with the name of an application; a manifest has its version inside")}
	}
	var a *appFile
	if !stored {
		var err error
		if a, err = readApp(cmd.Context(), env, what, true); err != nil {
			return err
		}
		if len(a.errs) > 0 {
			return f.refuse(env, a)
		}
		a.unchecked = nil // hosts will check it
		a.report(env.Stderr, what)
	}
	ctx := cmd.Context()
	s, err := f.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	var change control.Command = &control.DeployApp{App: app, Version: f.version, By: s.by()}
	if a != nil {
		if change, err = s.putApp(ctx, env, a); err != nil {
			return interrupted(ctx, err)
		}
	}
	r := new(control.AppResult)
	if err := s.control.Do(ctx, change, r); err != nil {
		return interrupted(ctx, err)
	}
	return f.follow(ctx, env, s, r, "deployed")
}

// stored reports whether what to deploy is the name of an application, and no file.
func (*deployFlags) stored(what string) (lattice.AppName, bool) {
	name, err := lattice.ParseAppName(what)
	if err != nil || what == "-" {
		return "", false
	}
	if _, err := os.Stat(what); !errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	return name, true
}

// refuse says what is wrong with a manifest. Nothing was sent.
func (f *deployFlags) refuse(env *Env, a *appFile) error {
	a.report(env.Stderr, a.file)
	if f.output == "json" {
		if err := show.JSON(env.Stdout, a.verdict(), false); err != nil {
			return err
		}
	}
	return fmt.Errorf("%q is not deployed: %s", a.file, count(len(a.errs), "error"))
}

// putApp stores the binaries of an application, and returns the command that deploys
// it.
func (s *session) putApp(ctx context.Context, env *Env, a *appFile) (*control.PutApp, error) {
	put := &control.PutApp{Manifest: string(a.text), Digests: map[string]string{}, Deploy: true, By: s.by()}
	for _, image := range slices.Sorted(maps.Keys(a.binaries)) {
		_, digest, err := s.push(ctx, env, a.binaries[image], image)
		if err != nil {
			return nil, err
		}
		put.Digests[image] = digest
	}
	return put, nil
}
