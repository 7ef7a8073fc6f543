package main

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"
)

// subject is something that both sides are asked about: a WIT text with what it
// depends on, or a component.
type subject struct {
	name  string
	files fstest.MapFS
	// component is the path of a component in files, or empty.
	component string
}

// text returns a subject that is one WIT file.
func text(name, text string) *subject {
	return &subject{name: name, files: fstest.MapFS{root + "/a.wit": {Data: []byte(text)}}}
}

// size bounds the components: the largest of the repository has 15 MB.
const maxComponent = 32 << 20

// subjects finds the WIT and the components in directories. Directories of WIT
// without a "deps" of their own get the packages of deps to depend on.
func subjects(tops []string, deps string) ([]*subject, error) {
	shared := map[string][]byte{}
	files, err := filepath.Glob(filepath.Join(deps, "*.wit"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if shared[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	var out []*subject
	for _, top := range tops {
		err := filepath.WalkDir(top, func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "deps" && filepath.Clean(file) != filepath.Clean(top)):
				return fs.SkipDir
			case d.IsDir():
				s, err := directory(file, shared)
				if s != nil {
					out = append(out, s)
				}
				return err
			case filepath.Ext(file) != ".wasm":
				return nil
			}
			info, err := d.Info()
			if err != nil || info.Size() > maxComponent {
				return err
			}
			wasm, err := os.ReadFile(file)
			out = append(out, &subject{name: file, files: fstest.MapFS{"c.wasm": {Data: wasm}}, component: "c.wasm"})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	// Each of the packages that others depend on is a subject, too.
	for name, data := range shared {
		s := &subject{name: filepath.Join(deps, name), files: fstest.MapFS{root + "/" + name: {Data: data}}}
		s.depend(shared, name)
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *subject) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// depend adds packages to depend on, but for one.
func (s *subject) depend(deps map[string][]byte, but string) {
	for name, data := range deps {
		if name != but {
			s.files[path.Join(root, "deps", name)] = &fstest.MapFile{Data: data}
		}
	}
}

// directory returns the package in a directory, or nil if it has no WIT.
func directory(dir string, shared map[string][]byte) (*subject, error) {
	s := &subject{name: dir, files: fstest.MapFS{}}
	names, err := filepath.Glob(filepath.Join(dir, "*.wit"))
	if err != nil || len(names) == 0 {
		return nil, err
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		s.files[path.Join(root, filepath.Base(name))] = &fstest.MapFile{Data: data}
	}
	if _, err := os.Stat(filepath.Join(dir, "deps")); errors.Is(err, fs.ErrNotExist) {
		s.depend(shared, "")
		return s, nil
	}
	return s, filepath.WalkDir(filepath.Join(dir, "deps"), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(file) != ".wit" {
			return err
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(file)
		s.files[path.Join(root, filepath.ToSlash(rel))] = &fstest.MapFile{Data: data}
		return err
	})
}

// cases returns the texts of files whose cases are separated by lines "//---".
func cases(pattern string) ([]*subject, error) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	var out []*subject
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for t := range strings.SplitSeq(string(data), "//---\n") {
			out = append(out, text(file, t))
		}
	}
	return out, nil
}
