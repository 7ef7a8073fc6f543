package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice/manifest"
)

// appFile is a manifest that has been read and checked, with the binaries that it
// names as files.
type appFile struct {
	file     string
	text     []byte
	manifest *manifest.Manifest // nil if there are errors
	// binaries are by the image as the manifest has it.
	binaries map[string]*program
	errs     []*manifest.FieldError
	warnings []*manifest.FieldError
	// unchecked says what could not be checked, and why.
	unchecked []string
}

// readApp reads a manifest and checks all that can be checked without a lattice. What
// is wrong with the manifest is in the result; the error is that it cannot be read.
// Images in registries are fetched if pull is set; what cannot be fetched is left to the
// scheduler, which may know it.
func readApp(ctx context.Context, env *Env, file string, pull bool) (*appFile, error) {
	text, err := readManifest(env, file)
	if err != nil {
		return nil, err
	}
	a := &appFile{file: file, text: text, binaries: map[string]*program{}}
	a.manifest, err = manifest.Parse(file, text)
	if err != nil {
		a.add(err)
		return a, nil
	}
	a.warnings = slices.Clone(a.manifest.Warnings)
	a.add(a.manifest.Refused())
	return a, a.check(ctx, env, pull)
}

// add adds what a check found.
func (a *appFile) add(err error) {
	all, ok := errors.AsType[*manifest.Errors](err)
	switch {
	case err == nil:
		return
	case !ok:
		a.errs = append(a.errs, &manifest.FieldError{File: a.file, Msg: err.Error()})
		return
	}
	a.errs = append(a.errs, all.List...)
	if all.More > 0 {
		a.errs = append(a.errs, &manifest.FieldError{File: a.file, Msg: fmt.Sprintf("and %s more", count(all.More, "error"))})
	}
}

// skip notes what cannot be checked.
func (a *appFile) skip(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(a.unchecked, text) {
		a.unchecked = append(a.unchecked, text)
	}
}

// readManifest reads a manifest, from standard input if the file is "-".
func readManifest(env *Env, file string) ([]byte, error) {
	if file == "-" {
		text, err := readAll(env.Stdin, manifest.MaxBytes)
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		return text, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, cause(file, err)
	}
	defer func() { _ = f.Close() }()
	text, err := readAll(f, manifest.MaxBytes)
	if err != nil {
		return nil, cause(file, err)
	}
	return text, nil
}

// check reads the binaries and holds them against the manifest.
func (a *appFile) check(ctx context.Context, env *Env, pull bool) error {
	linker, err := newLinker()
	if err != nil {
		return err
	}
	for i := range a.manifest.Components {
		c := &a.manifest.Components[i]
		path, ok := localImage(c.Image)
		switch {
		case c.SharedFrom != nil:
			a.skip("component %q is that of application %q", c.Name, c.SharedFrom.App)
		case !ok && !isImage(c.Image) && !isWeb(c.Image):
			a.skip("component %q: image %q is not a file here", c.Name, c.Image)
		case !ok && !pull:
			a.skip("component %q: image %q is not here: check it as well with --pull", c.Name, c.Image)
		case !ok:
			if err := a.open(ctx, env, c.Image, c.Image); err != nil {
				a.skip("component %q: %v", c.Name, err)
			}
		default:
			if err := a.open(ctx, env, c.Image, a.beside(path)); err != nil {
				a.misfit(c, "build it, or name another file", "image of %q: %v", c.Name, err)
			}
		}
	}
	a.checkWIT(linker)
	return nil
}

// localImage returns the path of an image that is a file, relative to the manifest
// unless it is absolute. Others are names of binaries in the lattice.
func localImage(image string) (path string, ok bool) {
	if path, ok := strings.CutPrefix(image, "file://"); ok {
		return path, path != ""
	}
	for _, begin := range []string{"./", "../", "/"} {
		if strings.HasPrefix(image, begin) {
			return image, true
		}
	}
	return "", false
}

// beside returns a path that is relative to the manifest.
func (a *appFile) beside(path string) string {
	if filepath.IsAbs(path) || a.file == "-" {
		return path
	}
	return filepath.Join(filepath.Dir(a.file), path)
}

// open reads the binary of an image, once: from a file, or a registry.
func (a *appFile) open(ctx context.Context, env *Env, image, from string) error {
	if a.binaries[image] != nil {
		return nil
	}
	p, err := openProgram(ctx, env, from)
	if err != nil {
		return err
	}
	a.binaries[image] = p
	return nil
}

// readAll reads at most a number of bytes.
func readAll(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(b)) > most:
		return nil, fmt.Errorf("it has more than %s", formatSize(uint64(most)))
	}
	return b, nil
}
