package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/host/component"
)

const validateHelp = `Check that components are valid: the binary format, the types of all that is
imported, exported and connected, and the code of the core modules. Nothing is
linked and nothing runs.

Nothing is printed for a valid component, except with -v. For any other one the
fault, its offset in the file and its code, which is stable, are printed, and the
exit code is 120. All files are looked at.

A component that is valid but uses what wattle cannot run, the async ABI for
instance, counts as valid; standard error says what it uses. The code of a core
module that uses such a feature is not checked to its end.`

// validateCommand is wattle component validate.
func validateCommand(env *Env) *cobra.Command {
	var output string
	var verbose bool
	cmd := &cobra.Command{
		Use:     "validate FILE...",
		Short:   "Check that components are valid",
		Long:    validateHelp,
		Example: "  wattle component validate *.wasm\n  wattle component validate -o json - < hello.wasm",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{fmt.Errorf("%q takes files, or - for standard input", cmd.CommandPath())}
			}
			return nil
		},

		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return []cobra.Completion{"wasm"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			verdicts := make([]verdict, 0, len(files))
			for _, file := range files {
				v := judge(cmd.Context(), env, file)
				if errors.Is(v.err, errInterrupted) {
					return v.err
				}
				if output == "text" {
					v.print(env, verbose)
				}
				verdicts = append(verdicts, v)
			}
			if output == "json" {
				if err := writeVerdicts(env.Stdout, verdicts); err != nil {
					return err
				}
			}
			return verdictsError(verdicts)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "print as `FORMAT`: text or json")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "print a line for each file that is valid too")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"output": completeOutput})
	return cmd
}

// verdict is what there is to say of a file, and its JSON form.
type verdict struct {
	File  string `json:"file"`
	Valid bool   `json:"valid"`
	// Validity is that of a valid component.
	*component.Validity
	// Fault is why the file is none.
	Fault *verdictFault `json:"error,omitempty"`
	err   error
}

// verdictFault is an error as programs read it. Code and Offset are absent if the
// file could not be read.
type verdictFault struct {
	Code    string `json:"code,omitempty"`
	Offset  *int   `json:"offset,omitempty"`
	Message string `json:"message"`
}

// judge reads and validates a file.
func judge(ctx context.Context, env *Env, file string) verdict {
	v := verdict{File: file}
	v.Validity, v.err = validateFile(ctx, env, file)
	if v.err == nil {
		v.Valid = true
		return v
	}
	v.Fault = &verdictFault{Message: v.err.Error()}
	if fault, ok := errors.AsType[*component.InvalidError](v.err); ok {
		v.Fault = &verdictFault{fault.Code, &fault.Offset, fault.Msg}
		if h, ok := errors.AsType[*hintError](v.err); ok {
			v.Fault.Message += "; " + h.hint
		}
	}
	return v
}

func validateFile(ctx context.Context, env *Env, file string) (*component.Validity, error) {
	wasm, err := readFileOrStdin(env, file)
	if err != nil {
		return nil, err
	}
	v, err := component.Validate(ctx, wasm)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, errInterrupted
	case err != nil:
		return nil, &loadError{file, withHint(wasm, err)}
	}
	return v, nil
}

// readFileOrStdin reads a component, from standard input if the file is "-".
func readFileOrStdin(env *Env, file string) ([]byte, error) {
	if file != "-" {
		return readFile(file)
	}
	wasm, err := io.ReadAll(io.LimitReader(env.Stdin, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("standard input: %w", err)
	case len(wasm) > maxFile:
		return nil, fmt.Errorf("standard input has more than %s", formatSize(maxFile))
	}
	return wasm, nil
}

// print says for a person what there is to say.
func (v *verdict) print(env *Env, verbose bool) {
	if v.err != nil {
		report(env.Stderr, v.err)
		return
	}
	for _, u := range v.Unsupported {
		fmt.Fprintf(env.Stderr, "wattle: %q: valid, but cannot run here: offset %#x: %s: not supported\n", v.File, u.Offset, printable(u.Feature))
	}
	if verbose {
		fmt.Fprintf(env.Stdout, "%s: valid, %s\n", plain(v.File), count(v.Modules, "core module"))
	}
}

func writeVerdicts(w io.Writer, verdicts []verdict) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(verdicts)
}

// verdictsError ends the command with the code of the first file that is not
// valid, or else of the first that could not be read. What there is to say of
// them is said.
func verdictsError(verdicts []verdict) error {
	code := exitOK
	for _, v := range verdicts {
		if v.err == nil {
			continue
		}
		if c := exitCode(v.err); code == exitOK || c == exitBroken {
			code = c
		}
	}
	if code == exitOK {
		return nil
	}
	return &exitError{code: code}
}
