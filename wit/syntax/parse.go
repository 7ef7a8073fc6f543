package syntax

import (
	"fmt"
	"slices"

	"github.com/wattle-dev/wattle/wit"
)

// Options selects what is read. The zero value reads what is stable.
type Options struct {
	// Features are the @unstable features whose items are read. Others are left
	// out, as if they were not written.
	Features []string
	// AllFeatures reads the items of every unstable feature.
	AllFeatures bool
	// Library is packages that may be mentioned without being given: of those not
	// among the sources, the ones that are mentioned are read.
	Library []Source
	// Dir is what Load puts in front of the names of files, for errors.
	Dir string
}

// Source is the text of one package in one or more files. Packages nested in
// braces count as packages of their own, and a source may have nothing else.
type Source []File

// Set is a set of packages that mention no package outside of it.
type Set struct {
	// Root is the package of the first source, nil if that declares none but
	// nested ones.
	Root *wit.Package
	// Packages are all packages, each after those it depends on.
	Packages []*wit.Package
}

// Package returns the package with an identifier, or nil.
func (s *Set) Package(id wit.PackageID) *wit.Package {
	i := slices.IndexFunc(s.Packages, func(p *wit.Package) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return s.Packages[i]
}

// Parse parses and resolves the packages of sources. The first is the root, the
// others are what it depends on; their order does not matter. opts may be nil.
//
// The error is of type Errors if it is about what the texts say.
func Parse(opts *Options, sources ...Source) (*Set, error) {
	r := &resolver{packages: map[wit.PackageID]*packageScope{}}
	if opts != nil {
		r.opts = *opts
	}
	if err := checkSize(slices.Concat(sources, r.opts.Library)); err != nil {
		return nil, err
	}
	var root *packageScope
	for i, source := range sources {
		p := r.addSource(source)
		if i == 0 {
			root = p
		}
	}
	for _, source := range r.opts.Library {
		r.addLibrary(source)
	}
	if len(r.errs) == 0 {
		r.resolve()
	}
	if err := r.errs.err(); err != nil {
		return nil, err
	}
	set := &Set{}
	if root != nil {
		set.Root = root.out
	}
	for _, p := range r.sorted {
		set.Packages = append(set.Packages, p.out)
	}
	return set, nil
}

// checkSize applies the limits on input.
func checkSize(sources []Source) error {
	files, size := 0, 0
	for _, source := range sources {
		for _, f := range source {
			files++
			size += len(f.Text)
		}
	}
	switch {
	case files > MaxFiles:
		return fmt.Errorf("%d WIT files; %d is the most", files, MaxFiles)
	case size > MaxSize:
		return fmt.Errorf("%d bytes of WIT; %d is the most", size, MaxSize)
	}
	return nil
}

// enabled reports whether an item with gate g is part of a package, given the
// version of that, and if not, why.
func (o *Options) enabled(g wit.Gate, version string) (ok bool, why string) {
	if g.Unstable != "" && !o.AllFeatures && !slices.Contains(o.Features, g.Unstable) {
		return false, fmt.Sprintf("it is unstable: enable feature %q to use it", g.Unstable)
	}
	if g.Since == "" || version == "" {
		return true, ""
	}
	// The parser has checked both.
	since, _ := wit.ParseVersion(g.Since)
	have, _ := wit.ParseVersion(version)
	if since.Compare(have) > 0 {
		return false, fmt.Sprintf("it exists since version %s", g.Since)
	}
	return true, ""
}
