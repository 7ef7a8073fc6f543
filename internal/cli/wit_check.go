package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/compat"
	"github.com/wattle-dev/wattle/wit/syntax"
)

// witCheckCommand is wattle wit check.
func witCheckCommand(env *Env) *cobra.Command {
	var (
		features              featureFlags
		output, target, world string
	)
	cmd := &cobra.Command{
		Use:   "check PATH...",
		Short: "Check WIT, or whether a component fits a world",
		Long: "Check that WIT is correct, and with --target that components fit a world: that\n" +
			"they import no more than it does, and export no less.\n\n" + witPaths + "\n\n" +
			"The exit code is 1 if something is wrong.",
		Example: "  wattle wit check wit\n  wattle wit check server.wasm --target wit --world server",
		Args:    somePaths,

		ValidArgsFunction: completeWIT,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			if world != "" && target == "" {
				return &usageError{errors.New("--world says which world of --target is meant")}
			}
			c := witChecker{features: &features}
			if target != "" {
				in, err := loadWIT(target, &features)
				if err != nil {
					return withExcerpts(err)
				}
				if c.target, err = in.findWorld(world); err != nil {
					return err
				}
			}
			return c.run(env, args, output == "json")
		},
	}
	features.add(cmd.Flags())
	cmd.Flags().StringVar(&target, "target", "", "check that components fit a world in `PATH`")
	cmd.Flags().StringVar(&world, "world", "", "the world `NAME` of --target; not needed if there is one only")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "print as `FORMAT`: text or json")
	completeFlags(cmd, map[string]cobra.CompletionFunc{
		"output": completeOutput, "world": completeNothing, "features": completeNothing, "target": completeWIT,
	})
	return cmd
}

// witChecker checks paths.
type witChecker struct {
	features *featureFlags
	target   *wit.World // nil if there is none
}

// witVerdict is what is said of one path, and its JSON form.
type witVerdict struct {
	Path string `json:"path"`
	OK   bool   `json:"ok"`
	// Package is the package that the path is about.
	Package string `json:"package,omitempty"`
	// Errors are faults of text, with their place, or of a file, without one.
	Errors []witFault `json:"errors,omitempty"`
	// World is the world of --target, and the rest what does not fit it.
	World   string      `json:"world,omitempty"`
	Imports []witMisfit `json:"imports,omitempty"`
	Exports []witMisfit `json:"exports,omitempty"`
	// Notes are what does not matter.
	Notes []string `json:"notes,omitempty"`

	summary string
	err     error // what Errors say, of a kind that has an exit code of its own
}

// witFault is a fault in a file. Line and column count from one.
type witFault struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
	// Source is the line of the fault.
	Source string `json:"source,omitempty"`
}

// witMisfit is an import or export that does not fit.
type witMisfit struct {
	Name    string   `json:"name"`
	Reasons []string `json:"reasons"`
}

func (c *witChecker) run(env *Env, paths []string, asJSON bool) error {
	verdicts := make([]*witVerdict, len(paths))
	ok := true
	for i, p := range paths {
		v := c.check(p)
		if _, usage := errors.AsType[*usageError](v.err); usage {
			return v.err
		}
		verdicts[i] = v
		ok = ok && v.OK
		if !asJSON {
			v.write(env)
		}
	}
	if asJSON {
		e := json.NewEncoder(env.Stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(verdicts); err != nil {
			return err
		}
	}
	if !ok {
		return &exitError{exitFailure}
	}
	return nil
}

func (c *witChecker) check(path string) *witVerdict {
	v := &witVerdict{Path: path}
	in, err := loadWIT(path, c.features)
	if err != nil {
		v.err = err
		v.Errors = faults(path, err)
		return v
	}
	v.OK, v.Notes = true, in.notes
	v.Package = in.packages[0].ID.String()
	v.summary = fmt.Sprintf("package %s, %s, %s", v.Package,
		count(len(in.packages[0].Interfaces), "interface"), count(len(in.packages[0].Worlds), "world"))
	if in.world != nil {
		v.Package = ""
		v.summary = fmt.Sprintf("component, %s, %s", count(len(in.world.Imports), "import"), count(len(in.world.Exports), "export"))
	}
	if c.target == nil {
		return v
	}
	if in.world == nil {
		return &witVerdict{err: &usageError{fmt.Errorf("%q is no component: --target is for components", path)}}
	}
	r := compat.Targets(in.world, c.target)
	v.World = c.target.ID.String()
	v.OK = r.OK()
	v.Imports, v.Exports = misfits(r.Imports), misfits(r.Exports)
	return v
}

func misfits(verdicts []compat.Verdict) []witMisfit {
	var out []witMisfit
	for i := range verdicts {
		if v := &verdicts[i]; !v.OK() {
			m := witMisfit{Name: v.Name}
			for _, f := range v.Faults {
				m.Reasons = append(m.Reasons, f.String())
			}
			out = append(out, m)
		}
	}
	return out
}

// faults returns what an error says, with places if it has them.
func faults(path string, err error) []witFault {
	errs, ok := errors.AsType[syntax.Errors](err)
	if !ok {
		return []witFault{{File: path, Message: err.Error()}}
	}
	out := make([]witFault, len(errs))
	for i, e := range errs {
		out[i] = witFault{File: e.File, Line: e.Line, Column: e.Column, Message: e.Msg, Source: e.Source}
	}
	return out
}

// write writes a verdict for a person: faults to standard error.
func (v *witVerdict) write(env *Env) {
	for _, n := range v.Notes {
		fmt.Fprintf(env.Stderr, "wattle: note: %q: %s\n", v.Path, printable(n))
	}
	switch {
	case v.err != nil:
		fmt.Fprintln(env.Stderr, printable(withExcerpts(v.err).Error()))
	case v.OK && v.World != "":
		fmt.Fprintf(env.Stdout, "%s: fits world %s\n", v.Path, v.World)
	case v.OK:
		fmt.Fprintf(env.Stdout, "%s: ok: %s\n", v.Path, v.summary)
	default:
		fmt.Fprintf(env.Stderr, "%s: does not fit world %s\n", v.Path, v.World)
		writeMisfits(env.Stderr, "import", v.Imports)
		writeMisfits(env.Stderr, "export", v.Exports)
	}
}

func writeMisfits(w io.Writer, what string, misfits []witMisfit) {
	for _, m := range misfits {
		for _, r := range m.Reasons {
			fmt.Fprintf(w, "  %s %s: %s\n", what, plain(m.Name), printable(r))
		}
	}
}

// excerptError is faults of text, each with the line it is in.
type excerptError struct{ errs syntax.Errors }

func (e *excerptError) Unwrap() error { return e.errs }

func (e *excerptError) Error() string {
	var b strings.Builder
	for i, err := range e.errs {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(err.Error())
		for line := range strings.Lines(err.Excerpt()) {
			b.WriteString("\n    " + strings.TrimSuffix(line, "\n"))
		}
	}
	return b.String()
}

// withExcerpts makes faults of text show the lines they are in.
func withExcerpts(err error) error {
	if errs, ok := errors.AsType[syntax.Errors](err); ok {
		return &excerptError{errs}
	}
	return err
}
