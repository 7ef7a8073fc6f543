package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/deps"
	"github.com/wattle-dev/wattle/wit/syntax"
)

func witCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "wit",
		Short: "Check and print WIT, the language of interfaces",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(witCheckCommand(env), witPrintCommand(env))
	return cmd
}

// witPaths is what the commands say of their arguments.
const witPaths = "PATH is a .wit file, a directory of them with a deps directory in it, a WIT\n" +
	"package in its binary form, or a component. WASI 0.2 need not be in deps."

// featureFlags say which unstable items are read.
type featureFlags struct {
	names []string
	all   bool
}

func (f *featureFlags) add(fs *pflag.FlagSet) {
	fs.StringSliceVar(&f.names, "features", nil, "read what is @unstable of these `FEATURES`, separated by commas")
	fs.BoolVar(&f.all, "all-features", false, "read all that is @unstable")
}

// witInput is what a path holds.
type witInput struct {
	path string
	// packages are the one that the path is about, unless it has only nested
	// ones, and then all it mentions.
	packages []*wit.Package
	world    *wit.World // of a component
	notes    []string
}

// loadWIT reads a path. The error is of type syntax.Errors if it is about what a
// text says.
func loadWIT(path string, features *featureFlags) (*witInput, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, cause(path, err)
	}
	if !info.IsDir() {
		binary, err := isWasm(path)
		if err != nil {
			return nil, err
		}
		if binary {
			return loadBinaryWIT(path)
		}
	}
	library, err := deps.Sources()
	if err != nil {
		return nil, err
	}
	opts := &syntax.Options{Features: features.names, AllFeatures: features.all, Library: library, Dir: path}
	name := "."
	if !info.IsDir() {
		opts.Dir, name = filepath.Split(path)
	}
	set, err := syntax.Load(os.DirFS(filepath.Clean(opts.Dir)), name, opts)
	if err != nil {
		return nil, err
	}
	in := &witInput{path: path, packages: set.Packages}
	if set.Root != nil {
		in.packages = []*wit.Package{set.Root}
		for _, p := range set.Packages {
			if p != set.Root {
				in.packages = append(in.packages, p)
			}
		}
	}
	if len(in.packages) == 0 {
		return nil, fmt.Errorf("%q declares no package", path)
	}
	return in, nil
}

// isWasm reports whether a file starts as WebAssembly does.
func isWasm(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, cause(path, err)
	}
	defer func() { _ = f.Close() }() // it was only read
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return false, cause(path, err)
	}
	return string(head[:n]) == "\x00asm", nil
}

func loadBinaryWIT(path string) (*witInput, error) {
	wasm, err := readFile(path)
	if err != nil {
		return nil, err
	}
	w, err := component.DecodeWIT(wasm)
	if err != nil {
		return nil, &loadError{path, err}
	}
	return &witInput{path: path, packages: w.Packages, world: w.World, notes: w.Notes}, nil
}

// findWorld returns the world of a name, "name" or "ns:package/name@version". No
// name means the only world there is.
func (in *witInput) findWorld(name string) (*wit.World, error) {
	var names []string
	for i, p := range in.packages {
		for _, w := range p.Worlds {
			if w.ID.String() == name || i == 0 && w.ID.Name == name {
				return w, nil
			}
			if i == 0 {
				names = append(names, w.ID.Name)
			}
		}
	}
	switch {
	case name != "":
		return nil, &usageError{fmt.Errorf("%q has no world %q%s", in.path, name, nearest.Hint(name, names))}
	case len(names) == 0:
		return nil, fmt.Errorf("%q declares no world", in.path)
	case len(names) > 1:
		return nil, &usageError{fmt.Errorf("%q declares several worlds: choose one with --world: %s", in.path, strings.Join(names, ", "))}
	}
	return in.packages[0].Worlds[0], nil
}

// findInterface returns the interface of a name, likewise.
func (in *witInput) findInterface(name string) (*wit.Interface, error) {
	var names []string
	for i, p := range in.packages {
		for _, x := range p.Interfaces {
			if x.ID.String() == name || i == 0 && x.ID.Name == name {
				return x, nil
			}
			if i > 0 {
				names = append(names, x.ID.String())
			} else {
				names = append(names, x.ID.Name)
			}
		}
	}
	return nil, &usageError{fmt.Errorf("%q has no interface %q%s", in.path, name, nearest.Hint(name, names))}
}

// writeNotes says on standard error what there was to complain about.
func (in *witInput) writeNotes(env *Env) {
	for _, n := range in.notes {
		fmt.Fprintf(env.Stderr, "wattle: note: %q: %s\n", in.path, printable(n))
	}
}

// somePaths demands arguments, files or directories.
func somePaths(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || slices.Contains(args, "") {
		return &usageError{fmt.Errorf("%q takes files or directories", cmd.CommandPath())}
	}
	return nil
}

// completeWIT completes a path to WIT.
func completeWIT(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"wit", "wasm"}, cobra.ShellCompDirectiveFilterFileExt
}
