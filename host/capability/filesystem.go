package capability

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wattle-dev/wattle/host/wasi/filesystem"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/blobstore/natsobjects"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
	"github.com/wattle-dev/wattle/providers/filesystem/layers"
	"github.com/wattle-dev/wattle/providers/filesystem/memfs"
	"github.com/wattle-dev/wattle/providers/filesystem/objectdir"
)

// Layers returns the layers of an image, the lowest first, as they are in the registry:
// tar archives, compressed or not. Whoever gives them has checked the digests, that of
// the manifest and those of the layers, or has the readers fail in the end.
type Layers func(ctx context.Context, ref string) ([]io.ReadCloser, error)

// maxImageFiles is how many files and directories an image has at most.
const maxImageFiles = 200_000

// maxTemplateDepth is how many names a path of an image or of the configuration has at
// most.
const maxTemplateDepth = 512

// openFilesystem opens the directories of all links.
func openFilesystem(ctx context.Context, env *Env, links []link, g *Grant) error {
	var all []*capability.Filesystem
	of := map[string]*link{} // by the path of a directory
	for i := range links {
		l := &links[i]
		f, err := capability.ParseFilesystem(l.config)
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		for _, m := range f.Mounts {
			of[m.Path] = l
		}
		all = append(all, f)
	}
	merged, err := capability.MergeFilesystems(all...)
	if err != nil {
		return err
	}
	for i := range merged.Mounts {
		m := &merged.Mounts[i]
		o := mountOpener{env: env, grant: g, mount: m, link: of[m.Path]}
		if err := o.open(ctx); err != nil {
			return fmt.Errorf("directory %q: %w", m.Path, err)
		}
		o.preopen.Path, o.preopen.Writable = m.Path, m.Writable
		g.WASI.Filesystem.Preopens = append(g.WASI.Filesystem.Preopens, o.preopen)
	}
	return nil
}

// mountOpener opens a directory.
type mountOpener struct {
	env     *Env
	grant   *Grant
	mount   *capability.Mount
	link    *link
	preopen filesystem.Preopen
}

func (o *mountOpener) open(ctx context.Context) error {
	switch o.mount.Source {
	case capability.MountMemory:
		limits := o.limits()
		o.preopen.Open = func(func() context.Context) provider.Dir { return memfs.New(limits).Root() }
		return nil
	case capability.MountInline:
		return o.inline()
	case capability.MountVolume:
		return o.volume()
	case capability.MountImage:
		return o.image(ctx)
	case capability.MountObjects:
		return o.objects()
	}
	return fmt.Errorf("source %q: %w", o.mount.Source, lattice.ErrInvalid)
}

func (o *mountOpener) limits() provider.Limits {
	return provider.Limits{Bytes: o.mount.Bytes, Files: o.mount.Files, Depth: o.mount.Depth}
}

// template gives each instance a copy of a tree, or all of them the tree itself.
func (o *mountOpener) template(t *memfs.Template) {
	if !o.mount.Writable {
		o.preopen.Dir = t.Root()
		return
	}
	limits := o.limits()
	o.preopen.Open = func(func() context.Context) provider.Dir { return t.Copy(limits).Root() }
}

// inline makes a tree of the files of the configuration.
func (o *mountOpener) inline() error {
	b := memfs.NewBuilder(provider.Limits{Bytes: 1 << 30, Files: 1 << 20, Depth: maxTemplateDepth}) // it is bounded itself
	now := time.Now()
	for i := range o.mount.Inline {
		f := &o.mount.Inline[i]
		content := f.Bytes
		if content == nil {
			text, err := f.Text.Reveal(o.link.reveal)
			if err != nil {
				return fmt.Errorf("file %q: %w", f.Path, err)
			}
			content = []byte(text)
		}
		if err := b.File(f.Path, int64(len(content)), bytes.NewReader(content), now); err != nil {
			return fmt.Errorf("file %q: %w", f.Path, err)
		}
	}
	o.template(b.Template())
	return nil
}

// volume opens a directory that the host's operator shares.
func (o *mountOpener) volume() error {
	v, ok := o.env.Volumes[o.mount.Name]
	switch {
	case !ok:
		return fmt.Errorf("volume %q: %w: this host does not share it: place the component by the label volume.%s, or start the host with --volume %s=DIR",
			o.mount.Name, lattice.ErrNotFound, o.mount.Name, o.mount.Name)
	case v.ReadOnly && o.mount.Writable:
		return fmt.Errorf("volume %q: %w: this host shares it read-only: place the component by the label volume.%s=rw, or link it as ro",
			o.mount.Name, lattice.ErrDenied, o.mount.Name)
	}
	opts := hostdir.Options{Writable: o.mount.Writable, Limits: o.limits(), MaxFileSize: o.mount.Bytes}
	sub := o.mount.Sub
	if sub == "" {
		sub = "."
	}
	dir, err := hostdir.OpenIn(v.Dir, sub, opts)
	if err != nil {
		return fmt.Errorf("volume %q: %w", o.mount.Name, err)
	}
	o.grant.onClose(dir.Close)
	o.preopen.Dir = dir
	return nil
}

// image unpacks the layers of an image.
func (o *mountOpener) image(ctx context.Context) (err error) {
	if o.env.Layers == nil {
		return fmt.Errorf("image %q: %w: this host has nobody to fetch images", o.mount.Name, lattice.ErrUnavailable)
	}
	readers, err := o.env.Layers(ctx, o.mount.Name)
	if err != nil {
		return err // it names the image
	}
	all := make([]io.Reader, len(readers))
	for i, r := range readers {
		all[i] = r
	}
	t, err := layers.Unpack(all, provider.Limits{Bytes: o.mount.Image, Files: maxImageFiles, Depth: maxTemplateDepth})
	errs := []error{err}
	for _, r := range readers {
		errs = append(errs, r.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("image %q: %w", o.mount.Name, err)
	}
	o.template(t)
	return nil
}

// objects gives objects of the lattice as files.
func (o *mountOpener) objects() error {
	m := o.mount
	bucket := natsobjects.Open(o.env.Lattice, wire.Buckets{Lattice: o.env.Name}.Blobs(), natsobjects.Named(m.Name), natsobjects.Limits{})
	store := blobstore.Limit(bucket, blobstore.Limits{Used: objectsUsed(o.grant.used("filesystem", o.link))})
	o.grant.onClose(store.Close)
	complain := newComplaints(o.env.Logger, "filesystem")
	opts := objectdir.Options{
		Store: store, Container: m.Container, Writable: m.Writable, Limits: o.limits(),
		Failed: func(path string, err error) { complain.failed(m.Path, fmt.Errorf("store %.200q: %w", path, err)) },
	}
	if m.Sub != "" {
		opts.Prefix = m.Sub + "/"
	}
	o.preopen.Open = objectdir.New(opts).Root
	return nil
}
