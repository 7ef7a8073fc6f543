package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice/oci"
)

// imagePushCommand is wattle push.
func imagePushCommand(env *Env) *cobra.Command {
	var annotations []string
	cmd := &cobra.Command{
		Use:   "push [flags] FILE IMAGE",
		Short: "Store a component in an OCI registry",
		Long: "Store a component in an OCI registry, in the form that wkg and wash read, and print\n" +
			"its reference with the digest. Sign that with: cosign sign --key KEY REFERENCE",
		Example: "  wattle push shop.wasm registry.example.com/team/shop:1.0.0",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return &usageError{errors.New("push takes a file and an image, as in: wattle push shop.wasm registry.example.com/team/shop:1.0.0")}
			}
			return nil
		},

		DisableFlagsInUseLine: true,

		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			ref, err := oci.ParseReference(args[1])
			if err != nil {
				return &usageError{err}
			}
			about := &oci.About{Annotations: map[string]string{}}
			for _, a := range annotations {
				key, value, ok := strings.Cut(a, "=")
				if !ok || key == "" {
					return &usageError{fmt.Errorf("--annotation %q is not of the form KEY=VALUE", a)}
				}
				about.Annotations[key] = value
			}
			wasm, err := readFile(args[0])
			if err != nil {
				return err
			}
			d, err := component.Describe(wasm)
			if err != nil {
				return &loadError{args[0], withHint(wasm, err)}
			}
			about.Imports, about.Exports = names(d.Imports), names(d.Exports)
			c, err := imageClient(env)
			if err != nil {
				return err
			}
			shown := newWait(env, "storing "+ref.String())
			shown.say("%s", formatSize(uint64(len(wasm))))
			a, err := c.Push(ctx, ref, wasm, about)
			shown.end()
			if err != nil {
				return interrupted(ctx, err)
			}
			return done(env, "%s", a.Ref)
		},
	}
	cmd.Flags().StringArrayVar(&annotations, "annotation", nil, "add `KEY=VALUE` to the image's manifest; repeatable")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"annotation": completeNothing})
	return cmd
}

// imagePullCommand is wattle pull.
func imagePullCommand(env *Env) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "pull [flags] IMAGE",
		Short:   "Fetch a component from an OCI registry",
		Long:    "Fetch a component from an OCI registry into a file, and print the image's reference with\nits digest.",
		Example: "  wattle pull ghcr.io/acme/shop:1.0.0\n  wattle pull ghcr.io/acme/shop:1.0.0 -o shop.wasm",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{errors.New("pull takes an image, as in: wattle pull ghcr.io/acme/shop:1.0.0")}
			}
			return nil
		},

		DisableFlagsInUseLine: true,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, err := oci.ParseReference(args[0])
			if err != nil {
				return &usageError{err}
			}
			if output == "" {
				output = filepath.Base(ref.Repository) + ".wasm"
				if _, err := os.Lstat(output); err == nil {
					return fmt.Errorf("%q exists: say where the component is to go with --output", output)
				}
			}
			wasm, p, err := fetchImage(cmd.Context(), env, args[0])
			if err != nil {
				return err
			}
			if err := writeFile(output, wasm); err != nil {
				return err
			}
			return done(env, "%s\n%s has %s", p.Ref, output, formatSize(uint64(len(wasm))))
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the component to `FILE` (default: the repository's last name and .wasm)")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"output": completeWasm})
	return cmd
}

// writeFile writes a file wholly or not at all.
func writeFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return cause(path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(cause(path, err), os.Remove(f.Name()))
		}
	}()
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
