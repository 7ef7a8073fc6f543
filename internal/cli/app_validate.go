package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/manifest"
)

const appValidateHelp = `Check manifests without a lattice: that each says what a manifest can say, that links,
configurations and rules fit together, and, of images that are files, that what each
component imports is served by the host or by a link, and that the target of the link
has it.

All that is wrong is printed with its file, line and column and how it can be
corrected; the exit code is 1 then. What could not be checked is said. -o json is for
editors.`

func appValidateCommand(env *Env) *cobra.Command {
	output, pull := "", false
	cmd := &cobra.Command{
		Use:     "validate [flags] FILE...",
		Short:   "Check manifests, without a lattice",
		Long:    appValidateHelp,
		Example: "  wattle app validate wattle.yaml\n  wattle app validate -o json - < wattle.yaml",

		DisableFlagsInUseLine: true,

		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{fmt.Errorf("%q takes manifests, or - for standard input", cmd.CommandPath())}
			}
			return nil
		},
		ValidArgsFunction: completeManifest,
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			return validateApps(cmd.Context(), env, files, output == "json", pull)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "print as `FORMAT`: text or json")
	cmd.Flags().BoolVar(&pull, "pull", false, "fetch images that are in registries, and check those as well")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"output": completeOutput})
	return cmd
}

// completeManifest completes the file of a manifest.
func completeManifest(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
}

// appVerdict is what is said of a manifest, and its JSON form.
type appVerdict struct {
	File    string          `json:"file"`
	OK      bool            `json:"ok"`
	App     lattice.AppName `json:"app,omitempty"`
	Version string          `json:"version,omitempty"`
	// Errors are why it would not be deployed, Warnings what is strange.
	Errors   []appFault `json:"errors"`
	Warnings []appFault `json:"warnings"`
	// Unchecked says what could not be checked, and why.
	Unchecked []string `json:"unchecked"`
}

// appFault is something wrong in a manifest. Line and column count from one, and are
// absent if there is no place.
type appFault struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
}

func validateApps(ctx context.Context, env *Env, files []string, asJSON, pull bool) error {
	verdicts := make([]*appVerdict, len(files))
	ok := true
	for i, file := range files {
		a, err := readApp(ctx, env, file, pull)
		if err != nil {
			a = &appFile{file: file, errs: []*manifest.FieldError{{Msg: err.Error()}}}
		}
		if !asJSON {
			a.report(env.Stderr, file)
			a.summary(env)
		}
		verdicts[i] = a.verdict()
		ok = ok && verdicts[i].OK
	}
	if asJSON {
		if err := show.JSON(env.Stdout, verdicts, false); err != nil {
			return err
		}
	}
	if !ok {
		return &exitError{exitFailure}
	}
	return nil
}

// verdict returns what programs are told.
func (a *appFile) verdict() *appVerdict {
	v := &appVerdict{File: a.file, OK: len(a.errs) == 0, Errors: appFaults(a.errs), Warnings: appFaults(a.warnings), Unchecked: []string{}}
	if a.manifest != nil {
		v.App, v.Version = a.manifest.Name, a.manifest.Version
	}
	v.Unchecked = append(v.Unchecked, a.unchecked...)
	return v
}

func appFaults(list []*manifest.FieldError) []appFault {
	faults := make([]appFault, len(list))
	for i, e := range list {
		faults[i] = appFault{e.File, e.Line, e.Column, e.Path, e.Msg, e.Fix}
	}
	return faults
}

// report writes what is wrong for a person, in the form that editors know.
func (a *appFile) report(w io.Writer, file string) {
	for _, e := range a.warnings {
		fmt.Fprintf(w, "%s (warning)\n", printable(e.Error()))
	}
	for _, e := range a.errs {
		fmt.Fprintln(w, printable(e.Error()))
	}
	for _, text := range a.unchecked {
		fmt.Fprintf(w, "%s: not checked: %s\n", printable(file), printable(text))
	}
}

// summary says that a manifest is right.
func (a *appFile) summary(env *Env) {
	if len(a.errs) > 0 {
		return
	}
	text := fmt.Sprintf("%s: ok: application %s", a.file, a.manifest.Name)
	if a.manifest.Version != "" {
		text += " version " + a.manifest.Version
	}
	text += ", " + count(len(a.manifest.Components), "component")
	if n := len(a.manifest.Providers); n == 1 {
		text += ", 1 capability"
	} else if n > 1 {
		text += fmt.Sprintf(", %d capabilities", n)
	}
	_, _ = fmt.Fprintln(env.Stdout, printable(text))
}

func appSchemaCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of manifests, for editors",
		Long:    "Print the JSON Schema of manifests. An editor that knows it completes and checks\nthem: with the YAML language server, a first line\n\n  # yaml-language-server: $schema=wattle.schema.json",
		Example: "  wattle app schema > wattle.schema.json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := env.Stdout.Write(manifest.Schema())
			return err
		},
	}
}
