package spectest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// Options say how to run scripts. The zero value has no known failures.
type Options struct {
	// Known are the cases that need not pass.
	Known []Known
	// Linker is what the host offers to the components. If nil, nothing.
	Linker *component.Linker
	// Texts says that the texts of the scripts are those of this implementation:
	// a part of what it says of a trap or refusal.
	Texts bool
	// Timeout bounds each case. If zero, DefaultTimeout.
	Timeout time.Duration
}

// DefaultTimeout is the default of Options.Timeout.
const DefaultTimeout = 30 * time.Second

// Run runs the scripts of a directory and of those within it. The error says
// that they could not be read; what fails in them is in the report.
func Run(ctx context.Context, scripts fs.FS, opts *Options) (*Report, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Linker == nil {
		o.Linker = &component.Linker{}
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	engine, err := component.NewEngine(ctx, nil)
	if err != nil {
		return nil, err
	}
	report := &Report{}
	err = fs.WalkDir(scripts, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".json" {
			return err
		}
		b, err := fs.ReadFile(scripts, name)
		if err != nil {
			return err
		}
		r := &runner{engine: engine, dir: scripts, base: path.Dir(name), opts: &o}
		if err := json.Unmarshal(b, &r.script); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		report.Cases = append(report.Cases, r.run(ctx)...)
		return nil
	})
	if err = errors.Join(err, engine.Close(ctx)); err != nil {
		return nil, err
	}
	report.list(o.Known)
	return report, nil
}

// list marks the cases that failed as the list says.
func (r *Report) list(known []Known) {
	for k := range known {
		used := false
		for i := range r.Cases {
			if c := &r.Cases[i]; c.Err != nil && known[k].covers(c) {
				c.Known, used = &known[k], true
			}
		}
		if !used {
			r.Stale = append(r.Stale, known[k])
		}
	}
}

// runner runs a script.
type runner struct {
	engine *component.Engine
	dir    fs.FS
	base   string
	opts   *Options
	script Script

	definitions map[string]*component.Component // "" is the last one
	instances   map[string]*component.Instance  // "" is the current one
	loaded      []*component.Component
	started     []*component.Instance
}

func (r *runner) run(ctx context.Context) []Case {
	r.definitions, r.instances = map[string]*component.Component{}, map[string]*component.Instance{}
	cases := make([]Case, len(r.script.Commands))
	for i := range r.script.Commands {
		c := &r.script.Commands[i]
		cases[i] = Case{Source: r.script.Source, Line: c.Line, Kind: c.Kind, Err: r.try(ctx, c)}
	}
	for _, in := range r.started {
		in.Close()
	}
	for _, c := range r.loaded {
		_ = c.Close(ctx)
	}
	return cases
}

// try runs a command. A panic is an error like any other, for the rest of the
// report to be of use.
func (r *runner) try(ctx context.Context, c *Command) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	if c.Fault != "" {
		return fmt.Errorf("not assembled: %s", c.Fault)
	}
	switch c.Kind {
	case KindComponent:
		comp, err := r.load(ctx, c)
		if err != nil {
			delete(r.instances, "")
			return err
		}
		return r.start(ctx, comp, c.Name)
	case KindDefinition:
		comp, err := r.load(ctx, c)
		if onlyLinkErrors(err) {
			err = nil
		}
		r.definitions[c.Name], r.definitions[""] = comp, comp
		return err
	case KindInstance:
		comp := r.definitions[c.Of]
		if comp == nil {
			delete(r.instances, "")
			return fmt.Errorf("component %q was not loaded", c.Of)
		}
		return r.start(ctx, comp, c.Name)
	case KindInvoke:
		_, err := r.call(ctx, c.Call)
		return err
	case KindReturn:
		return r.returns(ctx, c)
	case KindTrap:
		return r.traps(ctx, c)
	case KindInvalid, KindMalformed, KindUnlinkable:
		return r.refused(ctx, c)
	default: // KindRegister too: components import from the host, not from each other
		return fmt.Errorf("commands of the kind %q are not supported", c.Kind)
	}
}

// load loads the component of a command.
func (r *runner) load(ctx context.Context, c *Command) (*component.Component, error) {
	b, err := fs.ReadFile(r.dir, path.Join(r.base, c.File))
	if err != nil {
		return nil, err
	}
	comp, err := r.engine.Load(ctx, b, r.opts.Linker)
	if err == nil {
		r.loaded = append(r.loaded, comp)
	}
	return comp, err
}

// start makes an instance, which is the current one from there on.
func (r *runner) start(ctx context.Context, c *component.Component, name string) error {
	in, err := c.Instantiate(ctx, nil, component.Limits{})
	if err != nil {
		delete(r.instances, "")
		return err
	}
	r.started = append(r.started, in)
	r.instances[name], r.instances[""] = in, in
	return nil
}

// onlyLinkErrors says whether every fault is an import that nothing serves.
func onlyLinkErrors(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if !onlyLinkErrors(e) {
				return false
			}
		}
		return true
	}
	var le *component.LinkError
	return errors.As(err, &le)
}

func (r *runner) refused(ctx context.Context, c *Command) error {
	_, err := r.load(ctx, c)
	switch {
	case err == nil:
		return fmt.Errorf("is accepted (want: %s)", c.Reason)
	case onlyLinkErrors(err) != (c.Kind == KindUnlinkable):
		return fmt.Errorf("is refused for the wrong reason (want: %s): %w", c.Reason, err)
	}
	return r.text(c, err)
}

// text compares the text of an error, where that is asked for.
func (r *runner) text(c *Command, err error) error {
	if r.opts.Texts && (c.Reason == "" || !strings.Contains(err.Error(), c.Reason)) {
		return fmt.Errorf("has another text than %q: %w", c.Reason, err)
	}
	return nil
}

func (r *runner) traps(ctx context.Context, c *Command) error {
	var err error
	if c.Call != nil {
		_, err = r.call(ctx, c.Call)
	} else {
		comp, lerr := r.load(ctx, c)
		if lerr != nil {
			return lerr
		}
		err = r.start(ctx, comp, "")
	}
	var trap *component.Trap
	switch {
	case err == nil:
		return fmt.Errorf("does not trap (want: %s)", c.Reason)
	case !errors.As(err, &trap):
		return err
	}
	if want := trapKind(c.Reason); trap.Kind != want {
		return fmt.Errorf("is a trap of the kind %q, not %q (want: %s): %w", trap.Kind, want, c.Reason, err)
	}
	return r.text(c, err)
}

// coreTraps are the texts of the traps of WebAssembly itself.
var coreTraps = []string{
	"unreachable", "out of bounds memory access", "out of bounds table access", "undefined element",
	"uninitialized element", "integer overflow", "integer divide by zero", "invalid conversion to integer",
	"indirect call type mismatch", "call stack exhausted",
}

// trapKind returns the kind of trap that a text means.
func trapKind(text string) component.TrapKind {
	for _, t := range coreTraps {
		if strings.Contains(text, t) {
			return component.TrapWasm
		}
	}
	return component.TrapABI
}
