package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/wave"
)

// callFlags are the flags of `wattle call`.
type callFlags struct {
	guestFlags
	output string
}

const defaultCallTimeout = time.Minute

const callHelp = `Call a function that a component exports, and print its result.

A call is written in WAVE, the WebAssembly Value Encoding: numbers, "strings",
'c', [lists], (tuples), {field: records}, cases(of variants), {flags}, some(x),
none, ok(x), err(x). The function goes by its full name or a shorter one, unless
that is ambiguous. A method is called on what a constructor, or another
function, returns: counter(3).get().

Without a call the functions are listed, with the names that their types have in
"wattle component inspect".

Standard output gets the result and nothing else: in WAVE, or with -o json as
JSON. What the component prints goes to standard error. If the result is an
error, err(…), the exit code is 1.

Nothing is open to the component unless a flag opens it.

In JSON, none is null and some(x) is x, or {"some": x} if x may be null itself;
a case is "name" or {"name": payload}, a result {"ok": x} or {"err": x}, flags
are an array of names, a map is an array of pairs, nan and infinities are
strings, a handle is {"handle": "resource"}. No result at all is null.`

const callExamples = `  wattle call examples/calc/calc.wasm
  wattle call examples/calc/calc.wasm 'add(1, 2)'
  wattle call examples/calc/calc.wasm 'demo:calc/ops.area(polygon([{x: 0, y: 0}, {x: 4, y: 0}, {x: 0, y: 3}]))'
  wattle call examples/calc/calc.wasm 'accumulator(3).add(2)' -o json`

func callCommand(env *Env) *cobra.Command {
	f := &callFlags{}
	cmd := &cobra.Command{
		Use:     "call [flags] FILE [CALL]",
		Short:   "Call a function that a component exports",
		Long:    callHelp,
		Example: callExamples,

		DisableFlagsInUseLine: true,

		ValidArgsFunction: completeCall,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return &usageError{errors.New("call takes a component file and a call, such as 'add(1, 2)'")}
			case len(args) > 2:
				return &usageError{fmt.Errorf("call takes one call; put it in quotes: wattle call %s '%s'", args[0], strings.Join(args[1:], " "))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), env, args, cmd.Flags().Changed("timeout"))
		},
	}
	fs := cmd.Flags()
	f.add(fs, "how long the call may take, a `DURATION` such as 1m30s (default 1m)")
	fs.StringVarP(&f.output, "output", "o", "text", "print as `FORMAT`: text, which is WAVE, or json")
	completions := f.completions()
	completions["output"] = completeOutput
	completeFlags(cmd, completions)
	return cmd
}

// run does what can fail quickly before what takes long, which is to compile.
func (f *callFlags) run(ctx context.Context, env *Env, args []string, timed bool) error {
	if err := errors.Join(f.check(timed), checkOutput(f.output)); err != nil {
		return err
	}
	if !timed {
		f.timeout = defaultCallTimeout
	}
	p, err := openProgram(ctx, env, args[0])
	if err != nil {
		return err
	}
	all, err := callables(p.about)
	if err != nil {
		return fmt.Errorf("%q: %w", p.file, err)
	}
	if len(args) == 1 {
		return f.list(env.Stdout, all)
	}
	steps, err := parseSteps(all, args[1])
	if err != nil {
		return &usageError{fmt.Errorf("call of %q: %w", p.file, err)}
	}
	result, err := f.call(ctx, env, p, steps)
	if err != nil {
		return err
	}
	return f.print(env.Stdout, result, steps[len(steps)-1].fn)
}

// step is one of the calls of a chain. All but the first are of methods, on the
// result of the one before.
type step struct {
	callable
	args []wit.Value // without self
}

// parseSteps reads a call, or a chain of calls.
func parseSteps(all []callable, text string) ([]step, error) {
	call, err := wave.ParseCall(text)
	if err != nil {
		return nil, err
	}
	var steps []step
	for call != nil {
		var c *callable
		self := 0
		if len(steps) == 0 {
			c, err = find(all, call.Name)
		} else {
			last := steps[len(steps)-1]
			r := chained(last.fn.Result)
			if r == nil {
				return nil, call.Errorf("nothing can be called on the result of %s, which is %s", last.name(), resultText(last.fn))
			}
			self = 1
			c, err = findMethod(all, r.Resource, call.Name)
		}
		if err != nil {
			return nil, call.Errorf("%v", err)
		}
		if p, ok := needsHandle(c.fn.Params[self:]); ok {
			return nil, call.Errorf("%s", handleNeeded(c, p))
		}
		s := step{callable: *c}
		s.args, call, err = call.Args(c.fn.Params, self)
		if err != nil {
			return nil, fmt.Errorf("%w\n%s", err, c.signature())
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// chained returns the type of the handle that a call may go on with: that of the
// result, or of its ok.
func chained(t *wit.Type) *wit.Type {
	if t != nil && t.Kind == wit.Result {
		t = t.Ok
	}
	if isHandle(t, nil) {
		return t
	}
	return nil
}

// handleNeeded says why a function cannot be called with what a text can say.
func handleNeeded(c *callable, p wit.Field) string {
	kind, resource, fn := c.fn.Split()
	if kind == wit.Method && p.Name == c.fn.Params[0].Name {
		return fmt.Sprintf("%s is a method: call it on what returns a handle of %s, as in %s(…).%s(…)", c.name(), resource, resource, fn)
	}
	return fmt.Sprintf("%s cannot be called from here: parameter %q is %s, and a handle exists only inside of an instance",
		c.name(), p.Name, typeText(p.Type))
}

// call makes an instance and takes the steps.
func (f *callFlags) call(ctx context.Context, env *Env, p *program, steps []step) (*outcome, error) {
	g, err := f.grants.open(env)
	if err != nil {
		return nil, err
	}
	defer func() { _ = g.close() }()
	c, unload, err := f.load(ctx, env, p)
	if err != nil {
		return nil, err
	}
	defer unload()
	opts := f.options(g)
	out := &sharedWriter{w: env.Stderr}
	opts.CLI.Args = []string{filepath.Base(p.file)}
	opts.CLI.Stdin, opts.CLI.Stdout, opts.CLI.Stderr = env.Stdin, out, out
	state := wasi.NewState(opts)
	defer func() { _ = state.Close() }()

	timed, cancel := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("out of time: --timeout is %v", f.timeout))
	defer cancel()
	result, err := take(timed, c, state, component.Limits{Memory: uint64(f.memory)}, steps)
	flush, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if e := state.Drain(flush); err == nil && e != nil {
		err = fmt.Errorf("guest output: %w", e)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, errInterrupted
	case err != nil:
		return nil, fmt.Errorf("%q: %w", p.file, err)
	}
	return result, nil
}

// outcome is the result of the last call, and its type as the instance has it: nil
// both of a function without a result.
type outcome struct {
	value wit.Value
	typ   *wit.Type
}

// take instantiates a component and takes the steps. Handles that they return
// are dropped at the end, the last one first.
func take(ctx context.Context, c *component.Component, state *wasi.State, limits component.Limits, steps []step) (*outcome, error) {
	in, err := c.Instantiate(ctx, state, limits)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var last outcome
	var handles []wit.HandleValue
	for i, s := range steps {
		f, err := in.Func(s.iface, s.fn.Name)
		if err != nil {
			return nil, err
		}
		args := s.args
		if i > 0 {
			args = append([]wit.Value{handles[len(handles)-1]}, args...)
		}
		results, err := f.Call(ctx, args...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name(), err)
		}
		last = outcome{typ: f.Type().Result}
		if len(results) > 0 {
			last.value = results[0]
		}
		h, ok := handleOf(last.value)
		if ok {
			handles = append(handles, h)
		} else if i+1 < len(steps) {
			text, err := wave.Print(last.value, last.typ)
			if err != nil {
				return nil, fmt.Errorf("%s: result: %w", s.name(), err)
			}
			return nil, fmt.Errorf("%s returns %s, on which nothing can be called", s.name(), text)
		}
	}
	for _, h := range slices.Backward(handles) {
		if err := in.Drop(ctx, h); err != nil {
			return nil, fmt.Errorf("drop of the %s: %w", h.Resource.Name, err)
		}
	}
	return &last, nil
}

// handleOf returns the handle that a result is, or has as its ok.
func handleOf(v wit.Value) (wit.HandleValue, bool) {
	if r, ok := v.(wit.ResultValue); ok && !r.Failed {
		v = r.Value
	}
	h, ok := v.(wit.HandleValue)
	return h, ok
}

// print prints what fn returned. That it returned an error is its exit code.
func (f *callFlags) print(w io.Writer, r *outcome, fn *wit.Func) error {
	text := ""
	switch {
	case f.output == "json":
		b, err := appendJSON(nil, r.value, r.typ)
		if err != nil {
			return fmt.Errorf("result: %w", err)
		}
		text = string(b) + "\n"
	case r.typ != nil:
		var err error
		text, err = wave.Print(r.value, r.typ)
		switch {
		case errors.Is(err, wave.ErrNoText):
			// A comment, which is no value to a program that reads it.
			text = fmt.Sprintf("// %s: a handle, which has no text and ends with the call", resultText(fn))
		case err != nil:
			return fmt.Errorf("result: %w", err)
		}
		text += "\n"
	}
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	if result, ok := r.value.(wit.ResultValue); ok && result.Failed {
		return &exitError{code: exitFailure}
	}
	return nil
}

// list prints the functions that can be called.
func (f *callFlags) list(w io.Writer, all []callable) error {
	if f.output == "json" {
		type function struct {
			Name      string `json:"name"`
			Signature string `json:"signature"`
		}
		list := make([]function, len(all))
		for i := range all {
			list[i] = function{all[i].name(), all[i].signatureType()}
		}
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(list)
	}
	var b strings.Builder
	for i := range all {
		fmt.Fprintln(&b, all[i].signature())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// completeCall completes the file, and then the name of a function in it.
func completeCall(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return completeFile(cmd, args, typed)
	case 1:
	default:
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if isImage(args[0]) || isWeb(args[0]) {
		return nil, cobra.ShellCompDirectiveNoFileComp // nobody waits for a registry
	}
	p, err := openProgram(cmd.Context(), nil, args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, err := callables(p.about)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []cobra.Completion
	for i := range all {
		c := &all[i]
		kind, resource, fn := c.fn.Split()
		short := c.fn.Name
		if kind != wit.Freestanding {
			short = strings.TrimSuffix(resource+"."+fn, ".")
		}
		if kind == wit.Method {
			continue // of what a constructor returns
		}
		for _, name := range []string{short, c.name()} {
			if found, err := find(all, name); err == nil && found.name() == c.name() && strings.HasPrefix(name, typed) {
				out = append(out, cobra.CompletionWithDesc(name+"(", c.signatureType()))
				break
			}
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
