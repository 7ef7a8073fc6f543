package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// completeFile completes the file of a component. What comes after it is for the
// guest: files, more often than not.
func completeFile(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return []cobra.Completion{"wasm"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeFlags says what the shell offers for the values of flags. A flag whose
// values cannot be known is offered nothing, rather than files.
func completeFlags(cmd *cobra.Command, values map[string]cobra.CompletionFunc) {
	for name, complete := range values {
		if err := cmd.RegisterFlagCompletionFunc(name, complete); err != nil {
			panic(fmt.Sprintf("flag of %q: %v", cmd.Name(), err)) // there is no such flag
		}
	}
}

var (
	completeNothing     = cobra.NoFileCompletions
	completeWasm        = cobra.FixedCompletions([]cobra.Completion{"wasm"}, cobra.ShellCompDirectiveFilterFileExt)
	completeOutput      = cobra.FixedCompletions(outputs, cobra.ShellCompDirectiveNoFileComp)
	completeDirectory   = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	completeMountedPath = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs|cobra.ShellCompDirectiveNoSpace)
)
