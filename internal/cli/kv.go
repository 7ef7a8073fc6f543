package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/providers/keyvalue"
	"github.com/wattle-dev/wattle/providers/keyvalue/natskv"
)

func kvCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kv",
		Short: "Look into, and fill, the key-value stores of a lattice",
		Long: `Look into, and fill, the key-value stores that a lattice keeps: those of
wattle://keyvalue-nats. BUCKET is what their configuration says; the store that a
component has for itself is that of --component ID, and a path in it is a KEY.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(kvPutCommand(env), kvGetCommand(env), kvListCommand(env), kvRemoveCommand(env))
	return cmd
}

// keys opens a key-value store.
func keys(s *session, which store) keyvalue.Store {
	name := natskv.Named(which.bucket)
	if which.component != "" {
		name = natskv.Own(which.component)
	}
	return keyvalue.Limit(natskv.Open(s.Lattice, wire.Buckets{Lattice: s.name}.KeyValue(), name, natskv.Limits{}), keyvalue.Limits{})
}

// onKey connects to the lattice and has use be called with the store and the key that a
// path names.
func (f *storedFlags) onKey(cmd *cobra.Command, env *Env, path string, use func(ctx context.Context, k keyvalue.Store, key string) error) error {
	which, key, err := f.store(path)
	if err != nil {
		return err
	}
	if key == "" {
		return &usageError{fmt.Errorf("path %q names no key: want BUCKET/KEY", path)}
	}
	return onStored(cmd, env, f, func(ctx context.Context, s *session) error {
		return use(ctx, keys(s, which), key)
	})
}

func kvPutCommand(env *Env) *cobra.Command {
	f := &storedFlags{}
	cmd := &cobra.Command{
		Use:     "put [flags] BUCKET/KEY [FILE]",
		Short:   "Set a value",
		Long:    "Set a value to what is in a file, or on standard input, every byte of it.",
		Example: "  printf 42 | wattle kv put sessions/answer\n  wattle kv put --component shop terms terms.txt",

		DisableFlagsInUseLine: true,

		Args: storedArgs("BUCKET/KEY and perhaps a FILE", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, from, err := content(env, args)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			value, err := readAll(r, keyvalue.DefaultValue)
			if err != nil {
				return cause(from, err)
			}
			return f.onKey(cmd, env, args[0], func(ctx context.Context, k keyvalue.Store, key string) error {
				if err := k.Set(ctx, key, value); err != nil {
					return fmt.Errorf("key %q: %w", args[0], err)
				}
				return done(env, "%s: %s", args[0], formatSize(uint64(len(value))))
			})
		},
	}
	f.add(cmd, env)
	return cmd
}

func kvGetCommand(env *Env) *cobra.Command {
	f := &storedFlags{}
	cmd := &cobra.Command{
		Use:     "get [flags] BUCKET/KEY",
		Short:   "Print a value",
		Long:    "Print a value, as it is.",
		Example: "  wattle kv get sessions/answer",

		DisableFlagsInUseLine: true,

		Args: storedArgs("BUCKET/KEY", 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.onKey(cmd, env, args[0], func(ctx context.Context, k keyvalue.Store, key string) error {
				value, err := k.Get(ctx, key)
				if err != nil {
					return notThere("key", args[0], err, keyvalue.ErrNoKey)
				}
				_, err = env.Stdout.Write(value)
				return err
			})
		},
	}
	f.add(cmd, env)
	return cmd
}

func kvRemoveCommand(env *Env) *cobra.Command {
	f := &storedFlags{}
	cmd := &cobra.Command{
		Use:     "rm [flags] BUCKET/KEY",
		Short:   "Remove a value",
		Example: "  wattle kv rm sessions/answer",

		DisableFlagsInUseLine: true,

		Args: storedArgs("BUCKET/KEY", 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.onKey(cmd, env, args[0], func(ctx context.Context, k keyvalue.Store, key string) error {
				is, err := k.Exists(ctx, key)
				if err == nil && !is {
					err = lattice.ErrNotFound
				}
				if err == nil {
					err = k.Delete(ctx, key)
				}
				if err != nil {
					return fmt.Errorf("key %q: %w", args[0], err)
				}
				return done(env, "%s: removed", args[0])
			})
		},
	}
	f.add(cmd, env)
	return cmd
}

func kvListCommand(env *Env) *cobra.Command {
	f := &storedFlags{}
	output := ""
	cmd := &cobra.Command{
		Use:     "ls [flags] [BUCKET]",
		Aliases: []string{"list"},
		Short:   "List keys, or all stores",
		Long:    "List the keys of a store; or, if none is named, the stores that have keys.",
		Example: "  wattle kv ls\n  wattle kv ls sessions\n  wattle kv ls --component shop",

		DisableFlagsInUseLine: true,

		Args: atMostOnePath,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := parseFormat(output)
			if err != nil {
				return err
			}
			which := store{}
			if len(args) == 1 || f.component != "" {
				path := strings.Join(args, "")
				var rest string
				if which, rest, err = f.store(path); err != nil {
					return err
				}
				if rest != "" {
					return &usageError{fmt.Errorf("path %q names a key: want BUCKET, or --component without a path", path)}
				}
			}
			return onStored(cmd, env, f, func(ctx context.Context, s *session) error {
				if which == (store{}) {
					all, err := stores(ctx, s)
					if err != nil {
						return err
					}
					return writeStores(env, all, format)
				}
				all, err := allKeys(ctx, keys(s, which))
				if err != nil {
					return fmt.Errorf("store %q: %w", which, err)
				}
				return writeKeys(env, all, format)
			})
		},
	}
	addFormat(cmd, &output)
	f.add(cmd, env)
	return cmd
}

// kvStore is a store as `wattle kv ls` prints it.
type kvStore struct {
	Bucket    string              `json:"bucket,omitempty"`
	Component lattice.ComponentID `json:"component,omitempty"`
	Keys      int                 `json:"keys"`
}

func stores(ctx context.Context, s *session) ([]kvStore, error) {
	found, err := natskv.Stores(ctx, s.Lattice, wire.Buckets{Lattice: s.name}.KeyValue())
	if err != nil {
		return nil, fmt.Errorf("the lattice's key-value stores: %w", err)
	}
	all := []kvStore{}
	for _, i := range found {
		all = append(all, kvStore(i))
	}
	slices.SortFunc(all, func(a, b kvStore) int { return byStore(store{a.Bucket, a.Component}, store{b.Bucket, b.Component}) })
	return all, nil
}

func writeStores(env *Env, all []kvStore, format show.Format) error {
	if is, err := document(env.Stdout, all, format); is || err != nil {
		return err
	}
	if len(all) == 0 {
		return done(env, "no store has a key: set one with wattle kv put BUCKET/KEY FILE")
	}
	t := &table{columns: []show.Column{{Name: "BUCKET"}, {Name: "KEYS"}}}
	for i := range all {
		of := show.Text(store{all[i].Bucket, all[i].Component}.String())
		t.rows = append(t.rows, show.Row{Key: of, Doc: &all[i], Cells: []string{of, fmt.Sprint(all[i].Keys)}})
	}
	return t.write(env, format)
}

// allKeys returns the keys of a store.
func allKeys(ctx context.Context, k keyvalue.Store) ([]string, error) {
	all := []string{}
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		page, err := k.Keys(ctx, cursor)
		if err != nil {
			return nil, err
		}
		all, cursor = append(all, page.Keys...), page.Cursor
	}
	slices.Sort(all)
	return slices.Compact(all), nil // what was written while it was listed may be there twice
}

func writeKeys(env *Env, all []string, format show.Format) error {
	if is, err := document(env.Stdout, all, format); is || err != nil {
		return err
	}
	t := &table{columns: []show.Column{{Name: "KEY"}}}
	for _, key := range all {
		t.rows = append(t.rows, show.Row{Key: key, Doc: key, Cells: []string{show.Text(key)}})
	}
	return t.write(env, format)
}
