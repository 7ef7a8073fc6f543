package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/blobstore/natsobjects"
)

func blobCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "blob",
		Short: "Look into, and fill, the object stores of a lattice",
		Long: `Look into, and fill, the stores of objects that a lattice keeps: those of
wattle://blobstore-nats, and of mounts that say objects:BUCKET/CONTAINER. BUCKET is what
their configuration says; the store that a component has for itself is that of
--component ID, and a path in it begins with CONTAINER.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(blobPutCommand(env), blobGetCommand(env), blobListCommand(env), blobRemoveCommand(env))
	return cmd
}

// blobs opens a store of objects.
func blobs(s *session, which store) blobstore.Store {
	name := natsobjects.Named(which.bucket)
	if which.component != "" {
		name = natsobjects.Own(which.component)
	}
	return blobstore.Limit(natsobjects.Open(s.Lattice, wire.Buckets{Lattice: s.name}.Blobs(), name, natsobjects.Limits{}), blobstore.Limits{})
}

// onBlobs connects to the lattice and has use be called with the store and the object
// that a path names.
func (f *storedFlags) onBlobs(cmd *cobra.Command, env *Env, path string, use func(context.Context, blobstore.Store, blobstore.ID) error) error {
	which, rest, err := f.store(path)
	if err != nil {
		return err
	}
	id := blobstore.ID{}
	if id.Container, id.Object, _ = strings.Cut(rest, "/"); id.Container == "" {
		return &usageError{fmt.Errorf("path %q names no CONTAINER", path)}
	}
	return onStored(cmd, env, f, func(ctx context.Context, s *session) error {
		b := blobs(s, which)
		defer func() { _ = b.Close() }()
		return use(ctx, b, id)
	})
}

// onBlob is onBlobs for what needs the name of an object.
func (f *storedFlags) onBlob(cmd *cobra.Command, env *Env, path string, use func(context.Context, blobstore.Store, blobstore.ID) error) error {
	if _, rest, err := f.store(path); err == nil {
		if _, name, _ := strings.Cut(rest, "/"); name == "" {
			return &usageError{fmt.Errorf("path %q names no object: want BUCKET/CONTAINER/NAME", path)}
		}
	}
	return f.onBlobs(cmd, env, path, use)
}

func blobPutCommand(env *Env) *cobra.Command {
	f := &storedFlags{}
	cmd := &cobra.Command{
		Use:     "put [flags] BUCKET/CONTAINER/NAME [FILE]",
		Short:   "Store an object",
		Long:    "Store a file, or what is on standard input, as an object, in place of what there was.\nThe container is made if there is none. What cannot be read to its end leaves nothing\nbehind.",
		Example: "  wattle blob put site/pages/index.html index.html\n  tar c docs | wattle blob put site/archives/docs.tar",

		DisableFlagsInUseLine: true,

		Args: storedArgs("BUCKET/CONTAINER/NAME and perhaps a FILE", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, from, err := content(env, args)
			if err != nil {
				return err
			}
			defer func() { _ = r.Close() }()
			counted := &counting{r: r}
			return f.onBlob(cmd, env, args[0], func(ctx context.Context, b blobstore.Store, id blobstore.ID) error {
				if err := putBlob(ctx, b, id, counted); err != nil {
					if counted.err != nil {
						return cause(from, counted.err)
					}
					return fmt.Errorf("object %q: %w", args[0], err)
				}
				return done(env, "%s: %s", args[0], formatSize(uint64(counted.n)))
			})
		},
	}
	f.add(cmd, env)
	return cmd
}

// undoTime bounds how long it takes to take back what was begun.
const undoTime = 10 * time.Second

// putBlob stores an object, and makes its container if there is none, but not before
// something of the object is there. If it fails the container that was made goes again.
func putBlob(ctx context.Context, b blobstore.Store, id blobstore.ID, r io.Reader) error {
	in := bufio.NewReader(r)
	if _, err := in.Peek(1); err != nil && err != io.EOF {
		return err
	}
	err := b.CreateContainer(ctx, id.Container)
	made := err == nil
	if err != nil && !errors.Is(err, blobstore.ErrExists) {
		return fmt.Errorf("container: %w", err)
	}
	err = b.Put(ctx, id, in)
	if err == nil || !made {
		return err
	}
	// Somebody else may have put something into it meanwhile.
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	page, undoErr := b.List(undo, id.Container, blobstore.Query{Limit: 1})
	if undoErr == nil && len(page.Objects) == 0 && page.Cursor == "" {
		undoErr = b.DeleteContainer(undo, id.Container)
	}
	if undoErr != nil {
		return errors.Join(err, fmt.Errorf("container %q stays: %w", id.Container, undoErr))
	}
	return err
}

// counting counts what is read, and keeps the error that is not the end.
type counting struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

func blobGetCommand(env *Env) *cobra.Command {
	f := &storedFlags{}
	cmd := &cobra.Command{
		Use:     "get [flags] BUCKET/CONTAINER/NAME",
		Short:   "Print an object",
		Long:    "Print an object, as it is.",
		Example: "  wattle blob get site/pages/index.html > index.html",

		DisableFlagsInUseLine: true,

		Args: storedArgs("BUCKET/CONTAINER/NAME", 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.onBlob(cmd, env, args[0], func(ctx context.Context, b blobstore.Store, id blobstore.ID) error {
				r, err := b.Open(ctx, id, blobstore.All)
				if err != nil {
					return notThere("object", args[0], err, blobstore.ErrNoObject, blobstore.ErrNoContainer)
				}
				defer func() { _ = r.Close() }()
				if _, err := io.Copy(env.Stdout, r); err != nil {
					return fmt.Errorf("object %q: %w", args[0], err)
				}
				return nil
			})
		},
	}
	f.add(cmd, env)
	return cmd
}

func blobRemoveCommand(env *Env) *cobra.Command {
	f := &storedFlags{}
	all := false
	cmd := &cobra.Command{
		Use:     "rm [flags] BUCKET/CONTAINER/NAME",
		Short:   "Remove an object, or a container",
		Long:    "Remove an object, or with -r a container with all its objects.",
		Example: "  wattle blob rm site/pages/index.html\n  wattle blob rm -r site/pages",

		DisableFlagsInUseLine: true,

		Args: storedArgs("BUCKET/CONTAINER/NAME", 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				return f.onBlobs(cmd, env, args[0], func(ctx context.Context, b blobstore.Store, id blobstore.ID) error {
					if id.Object != "" {
						return &usageError{fmt.Errorf("path %q names an object: -r removes containers", args[0])}
					}
					if _, err := b.Container(ctx, id.Container); err != nil {
						return notThere("container", args[0], err, blobstore.ErrNoContainer)
					}
					if err := blobstore.Remove(ctx, b, id.Container); err != nil {
						return fmt.Errorf("container %q: %w", args[0], err)
					}
					return done(env, "%s: removed", args[0])
				})
			}
			return f.onBlob(cmd, env, args[0], func(ctx context.Context, b blobstore.Store, id blobstore.ID) error {
				if _, err := b.Info(ctx, id); err != nil {
					return notThere("object", args[0], err, blobstore.ErrNoObject, blobstore.ErrNoContainer)
				}
				if err := b.Delete(ctx, id.Container, id.Object); err != nil {
					return fmt.Errorf("object %q: %w", args[0], err)
				}
				return done(env, "%s: removed", args[0])
			})
		},
	}
	cmd.Flags().BoolVarP(&all, "recursive", "r", false, "remove a container with all that is in it")
	f.add(cmd, env)
	return cmd
}

func blobListCommand(env *Env) *cobra.Command {
	f := &storedFlags{}
	output := ""
	cmd := &cobra.Command{
		Use:     "ls [flags] [BUCKET/CONTAINER[/PREFIX]]",
		Aliases: []string{"list"},
		Short:   "List objects, or all containers",
		Long:    "List the objects of a container, those whose names begin with PREFIX; or, if none is\nnamed, the containers of all stores.",
		Example: "  wattle blob ls\n  wattle blob ls site/pages\n  wattle blob ls --component shop pictures",

		DisableFlagsInUseLine: true,

		Args: atMostOnePath,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := parseFormat(output)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				if _, _, err := f.store("-"); err != nil {
					return err
				}
				return onStored(cmd, env, f, func(ctx context.Context, s *session) error {
					all, err := containers(ctx, s, lattice.ComponentID(f.component))
					if err != nil {
						return err
					}
					return writeContainers(env, all, format)
				})
			}
			return f.onBlobs(cmd, env, args[0], func(ctx context.Context, b blobstore.Store, id blobstore.ID) error {
				all, err := objects(ctx, b, id)
				if err != nil {
					return notThere("container", args[0], err, blobstore.ErrNoContainer)
				}
				return writeObjects(env, all, format)
			})
		},
	}
	addFormat(cmd, &output)
	f.add(cmd, env)
	return cmd
}

// blobContainer is a container as `wattle blob ls` prints it.
type blobContainer struct {
	Bucket    string              `json:"bucket,omitempty"`
	Component lattice.ComponentID `json:"component,omitempty"`
	Container string              `json:"container"`
	Created   time.Time           `json:"created"`
}

// containers returns all containers, or those of the own store of a component.
func containers(ctx context.Context, s *session, of lattice.ComponentID) ([]blobContainer, error) {
	found, err := natsobjects.Containers(ctx, s.Lattice, wire.Buckets{Lattice: s.name}.Blobs())
	if err != nil {
		return nil, fmt.Errorf("the lattice's object stores: %w", err)
	}
	all := []blobContainer{}
	for _, c := range found {
		if of == "" || c.Component == of {
			all = append(all, blobContainer{c.Bucket, c.Component, c.Name, c.Created})
		}
	}
	slices.SortFunc(all, func(a, b blobContainer) int {
		return cmp.Or(byStore(store{a.Bucket, a.Component}, store{b.Bucket, b.Component}), cmp.Compare(a.Container, b.Container))
	})
	return all, nil
}

func writeContainers(env *Env, all []blobContainer, format show.Format) error {
	if is, err := document(env.Stdout, all, format); is || err != nil {
		return err
	}
	if len(all) == 0 {
		return done(env, "there are no containers: make one with wattle blob put BUCKET/CONTAINER/NAME FILE")
	}
	t := &table{columns: []show.Column{{Name: "BUCKET"}, {Name: "CONTAINER"}, {Name: "CREATED"}}}
	for i := range all {
		c := &all[i]
		of := show.Text(store{c.Bucket, c.Component}.String())
		t.rows = append(t.rows, show.Row{Key: of + "/" + c.Container, Doc: c, Cells: []string{of, show.Text(c.Container), moment(c.Created)}})
	}
	return t.write(env, format)
}

// blobObject is an object as `wattle blob ls` prints it.
type blobObject struct {
	Name    string    `json:"name"`
	Size    int64     `json:"size"`
	Created time.Time `json:"created"`
}

// objects returns the objects of a container whose names begin with that of id.
func objects(ctx context.Context, b blobstore.Store, id blobstore.ID) ([]blobObject, error) {
	all := []blobObject{}
	for q := (blobstore.Query{Prefix: id.Object}); ; {
		page, err := b.List(ctx, id.Container, q)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Objects {
			all = append(all, blobObject{o.Name, o.Size, o.Created})
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			break
		}
	}
	slices.SortFunc(all, func(a, b blobObject) int { return cmp.Compare(a.Name, b.Name) })
	// What was written while it was listed may be there twice.
	return slices.CompactFunc(all, func(a, b blobObject) bool { return a.Name == b.Name }), nil
}

func writeObjects(env *Env, all []blobObject, format show.Format) error {
	if is, err := document(env.Stdout, all, format); is || err != nil {
		return err
	}
	t := &table{columns: []show.Column{{Name: "NAME"}, {Name: "SIZE"}, {Name: "CHANGED"}}}
	for i := range all {
		o := &all[i]
		t.rows = append(t.rows, show.Row{Key: o.Name, Doc: o, Cells: []string{show.Text(o.Name), formatSize(uint64(max(o.Size, 0))), moment(o.Created)}})
	}
	return t.write(env, format)
}
