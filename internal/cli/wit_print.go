package cli

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/syntax"
	"github.com/wattle-dev/wattle/wit/witjson"
)

// witPrintCommand is wattle wit print.
func witPrintCommand(env *Env) *cobra.Command {
	var (
		features             featureFlags
		output, world, iface string
	)
	cmd := &cobra.Command{
		Use:   "print PATH",
		Short: "Print WIT in its canonical form",
		Long: "Print a package with all it mentions, as WIT text in its canonical form, or as\n" +
			"JSON in the shape of `wasm-tools component wit --json`.\n\n" + witPaths,
		Example: "  wattle wit print server.wasm\n  wattle wit print --interface streams wit/deps/io\n  wattle wit print -o json wit",
		Args:    oneFile,

		ValidArgsFunction: completeWIT,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			if world != "" && iface != "" {
				return &usageError{errors.New("--world and --interface exclude each other")}
			}
			in, err := loadWIT(args[0], &features)
			if err != nil {
				return withExcerpts(err)
			}
			in.writeNotes(env)
			text, err := in.print(world, iface, output == "json")
			if err != nil {
				return err
			}
			_, err = io.WriteString(env.Stdout, text)
			return err
		},
	}
	features.add(cmd.Flags())
	cmd.Flags().StringVar(&world, "world", "", "print the world `NAME` alone")
	cmd.Flags().StringVar(&iface, "interface", "", "print the interface `NAME` alone")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "print as `FORMAT`: text or json")
	completeFlags(cmd, map[string]cobra.CompletionFunc{
		"output": completeOutput, "world": completeNothing, "interface": completeNothing, "features": completeNothing,
	})
	return cmd
}

// print returns all of the input, or the world or interface of a name.
func (in *witInput) print(world, iface string, asJSON bool) (string, error) {
	switch {
	case world != "":
		w, err := in.findWorld(world)
		switch {
		case err != nil:
			return "", err
		case asJSON:
			return string(witjson.Marshal(w.Packages()...)), nil
		}
		return syntax.PrintWorld(w), nil
	case iface != "":
		i, err := in.findInterface(iface)
		switch {
		case err != nil:
			return "", err
		case asJSON:
			return string(witjson.Marshal(&wit.Package{ID: i.ID.PackageID(), Interfaces: []*wit.Interface{i}})), nil
		}
		return syntax.PrintInterface(i), nil
	case asJSON:
		return string(witjson.Marshal(in.packages...)), nil
	}
	return syntax.Print(in.packages...), nil
}
