package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/wattle-dev/wattle/scheduler/control"
)

// readApps reads the manifests of --app, so that what is wrong with one is known before
// anything is started.
func (f *upFlags) readApps(ctx context.Context, env *Env) ([]*appFile, error) {
	if len(f.apps) > 0 && len(f.nats) > 0 {
		return nil, &usageError{errors.New("--app is for a lattice of one's own: with --join, use wattle app deploy")}
	}
	var apps []*appFile
	for _, file := range f.apps {
		a, err := readApp(ctx, env, file, true)
		if err != nil {
			return nil, fmt.Errorf("--app: %w", err)
		}
		if len(a.errs) > 0 {
			a.report(env.Stderr, file)
			return nil, fmt.Errorf("--app: %q: %s", file, count(len(a.errs), "error"))
		}
		apps = append(apps, a)
	}
	return apps, nil
}

// deploy deploys the applications of --app. The lattice goes on if one is not ready: it
// can be corrected and deployed again.
func (u *up) deploy(ctx context.Context) error {
	if len(u.manifests) == 0 {
		return nil
	}
	p, err := u.connectFlags.local(u.dir)
	if err != nil {
		return err
	}
	s, err := p.connect(ctx, u.log.logger())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	env := *u.env
	if u.quiet || u.output == "json" {
		env.Stdout = io.Discard // there, one line is all that programs expect
	}
	f := rolloutFlags{timeout: defaultWait, output: "text"}
	for _, a := range u.manifests {
		put, err := s.putApp(ctx, &env, a)
		if err == nil {
			r := new(control.AppResult)
			if err = s.control.Do(ctx, put, r); err == nil {
				err = f.follow(ctx, &env, s, r, "deployed")
			}
		}
		switch {
		case ctx.Err() != nil:
			return errInterrupted
		case err != nil:
			u.log.note("--app %s: %v", a.file, err)
		}
	}
	return nil
}
