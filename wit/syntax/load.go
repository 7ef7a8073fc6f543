package syntax

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Load parses the package in a file or directory of a file system. A directory
// may have the packages it depends on in "deps", each a file or a directory
// (WIT.md, "Filesystem structure"). opts may be nil.
func Load(fsys fs.FS, name string, opts *Options) (*Set, error) {
	l := loader{fsys: fsys}
	if opts != nil {
		l.dir = opts.Dir
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		source, err := l.files(name)
		if err != nil {
			return nil, err
		}
		return Parse(opts, source)
	}
	root, err := l.folder(name)
	if err != nil {
		return nil, err
	}
	if len(root) == 0 {
		return nil, fmt.Errorf("directory %q has no .wit files", path.Join(l.dir, name))
	}
	deps, err := l.deps(path.Join(name, "deps"))
	if err != nil {
		return nil, err
	}
	return Parse(opts, slices.Insert(deps, 0, root)...)
}

// loader reads files within the limits of this package.
type loader struct {
	fsys        fs.FS
	dir         string // what file names are given
	count, size int
}

// deps returns the source of each file and directory in a directory, which need
// not exist.
func (l *loader) deps(name string) ([]Source, error) {
	entries, err := fs.ReadDir(l.fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	var sources []Source
	for _, e := range entries {
		var source Source
		switch at := path.Join(name, e.Name()); {
		case e.IsDir() || l.linksToDir(e, at):
			source, err = l.folder(at)
		case strings.HasSuffix(at, ".wit"):
			source, err = l.files(at)
		}
		if err != nil {
			return nil, err
		}
		if len(source) > 0 {
			sources = append(sources, source)
		}
	}
	return sources, nil
}

// linksToDir reports whether an entry is a symbolic link to a directory.
func (l *loader) linksToDir(e fs.DirEntry, at string) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return false
	}
	info, err := fs.Stat(l.fsys, at)
	return err == nil && info.IsDir()
}

// folder returns the source that the .wit files of a directory make up.
func (l *loader) folder(name string) (Source, error) {
	entries, err := fs.ReadDir(l.fsys, name)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".wit") {
			names = append(names, path.Join(name, e.Name()))
		}
	}
	return l.files(names...)
}

func (l *loader) files(names ...string) (Source, error) {
	var source Source
	for _, name := range names {
		info, err := fs.Stat(l.fsys, name)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%q is not a regular file", path.Join(l.dir, name))
		}
		// What grows while it is read is refused by Parse.
		l.count++
		if l.size += int(min(info.Size(), MaxSize+1)); l.count > MaxFiles || l.size > MaxSize {
			return nil, fmt.Errorf("file %q: more WIT than %d files or %d bytes", path.Join(l.dir, name), MaxFiles, MaxSize)
		}
		text, err := fs.ReadFile(l.fsys, name)
		if err != nil {
			return nil, err
		}
		source = append(source, File{Name: path.Join(l.dir, name), Text: string(text)})
	}
	return source, nil
}
