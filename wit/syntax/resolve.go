package syntax

import (
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/wit"
)

// maxChain bounds chains of references: interfaces that use each other, types
// that mention each other, worlds that include each other, packages that depend
// on each other.
const maxChain = 500

// maxExterns bounds the imports and exports of all worlds together: one world
// may have many, and many may include it.
const maxExterns = 1 << 20

// resolver turns trees into models.
type resolver struct {
	opts     Options
	errs     errorList
	packages map[wit.PackageID]*packageScope
	order    []*packageScope // as they were added
	sorted   []*packageScope // each after those it depends on
	checker  wit.Checker
	chain    int
	externs  int
}

// progress says how far the resolution of a thing has come.
type progress uint8

const (
	untouched progress = iota
	underWay
	done
	failed // an error has been reported; what depends on it need not add another
)

// packageScope is a package and the names in it.
type packageScope struct {
	pos
	id    wit.PackageID
	out   *wit.Package
	text  string // to compare two packages of one name
	names map[string]*entry
	lower map[string]bool // the names in lower case
	list  []*entry
	// scopes are those of its files.
	scopes []*fileScope
	deps   []*packageScope
	// library says that the package counts only if another depends on it.
	library bool
	isDep   map[*packageScope]bool
	state   progress
}

// fileScope is the names that a file, or a nested package, adds to those of its
// package with use statements.
type fileScope struct {
	pkg  *packageScope
	uses map[string]*topUse
	list []*topUse
}

// entry is an interface or a world of a package.
type entry struct {
	scope *fileScope
	name  ident
	// ifaceItem and iface, or worldItem and world, are set.
	ifaceItem *interfaceItem
	iface     *wit.Interface
	types     map[string]*typeEntry
	worldItem *worldItem
	world     *wit.World
	state     progress
	// shut says why the gate of the item is, if it is.
	shut string
}

func (e *entry) what() string {
	if e.worldItem != nil {
		return "world"
	}
	return "interface"
}

// errorf reports an error.
func (r *resolver) errorf(at pos, format string, args ...any) {
	if len(r.errs) < MaxErrors {
		r.errs.add(at.errorf(format, args...))
	}
}

// addSource parses the files of a source and declares their packages. It returns
// the one that is not nested, or nil.
func (r *resolver) addSource(source Source) *packageScope {
	var files []*fileNode
	var decl *packageDecl
	var text strings.Builder
	own := false
	for i := range source {
		f, err := parseFile(&source[i])
		if err != nil {
			r.errs.add(err)
			continue
		}
		files = append(files, f)
		text.WriteString(f.file.Text)
		own = own || len(f.uses)+len(f.interfaces)+len(f.worlds) > 0
		switch {
		case f.decl == nil:
		case decl == nil:
			decl = f.decl
		case f.decl.id != decl.id:
			r.errorf(f.decl.pos, "package %s, but another file of the package is in %s", f.decl.id, decl.id)
		case decl.docs == "":
			decl.docs = f.decl.docs
		}
	}
	if len(r.errs) > 0 {
		return nil
	}
	var main *packageScope
	fresh := false
	if decl != nil {
		main, fresh = r.addPackage(decl, text.String())
	} else if own {
		r.errorf(pos{&source[0], 0}, "no file of the package says which package it is; start one with %q", "package namespace:name;")
	}
	for _, f := range files {
		if fresh {
			r.addBody(main, &f.packageBody)
		}
		for _, n := range f.nested {
			if p, fresh := r.addPackage(&n.packageDecl, n.text); fresh {
				r.addBody(p, &n.packageBody)
			}
		}
	}
	return main
}

// addLibrary declares the packages of a source that are not there yet.
func (r *resolver) addLibrary(source Source) {
	before := len(r.order)
	own := source[:0:0]
	for i := range source {
		f, err := parseFile(&source[i])
		if err == nil && f.decl != nil && r.packages[f.decl.id] != nil {
			continue
		}
		own = append(own, source[i])
	}
	r.addSource(own)
	for _, p := range r.order[before:] {
		p.library = true
	}
}

// addPackage declares a package, and reports whether its contents are still to
// be added. A package may come twice if it is the same both times.
func (r *resolver) addPackage(decl *packageDecl, text string) (p *packageScope, fresh bool) {
	if p := r.packages[decl.id]; p != nil {
		if p.text != text {
			r.errorf(decl.pos, "package %s is already in %s, with different contents", decl.id, p.file.Name)
		}
		return p, false
	}
	p = &packageScope{
		pos: decl.pos, id: decl.id, text: text,
		out:   &wit.Package{ID: decl.id, Docs: decl.docs},
		names: map[string]*entry{}, lower: map[string]bool{}, isDep: map[*packageScope]bool{},
	}
	r.packages[decl.id] = p
	r.order = append(r.order, p)
	return p, true
}

// addBody declares the interfaces and worlds of a file, or of a nested package.
func (r *resolver) addBody(p *packageScope, body *packageBody) {
	scope := &fileScope{pkg: p, uses: map[string]*topUse{}, list: body.uses}
	p.scopes = append(p.scopes, scope)
	for _, i := range body.interfaces {
		r.declare(p, &entry{scope: scope, name: i.name, ifaceItem: i}, &i.attrs)
	}
	for _, w := range body.worlds {
		r.declare(p, &entry{scope: scope, name: w.name, worldItem: w}, &w.attrs)
	}
	for _, u := range body.uses {
		e := p.names[u.as.name]
		if scope.uses[u.as.name] != nil || e != nil && e.scope == scope && (u.path.pkg.Name != "" || u.path.name != u.as.name) {
			r.errorf(u.as.pos, "name %q is already defined in this file", u.as.name)
		}
		scope.uses[u.as.name] = u
	}
}

func (r *resolver) declare(p *packageScope, e *entry, a *attrs) {
	if lower := strings.ToLower(e.name.name); p.lower[lower] {
		r.errorf(e.name.pos, "name %q is already defined in package %s", e.name.name, p.id)
	} else {
		p.lower[lower] = true
	}
	p.names[e.name.name] = e
	p.list = append(p.list, e)
	if a.externalID != "" {
		r.errorf(a.pos, "@external-id names an import, an export, a type or a function; %q is none of these", e.name.name)
	}
	if ok, why := r.enabled(a, p); !ok {
		e.shut = why
	}
}

// enabled reports whether the gate of an item in p is open, and if not, why.
func (r *resolver) enabled(a *attrs, p *packageScope) (ok bool, why string) {
	if a.gate != (wit.Gate{}) && p.id.Version == "" {
		r.errorf(a.pos, "feature gate in package %s, which has no version", p.id)
		return true, ""
	}
	return r.opts.enabled(a.gate, p.id.Version)
}

// resolve resolves all packages.
func (r *resolver) resolve() {
	var used []*packageScope
	for _, p := range r.order {
		if !p.library {
			used = append(used, p)
		}
	}
	// What they depend on joins them as they are resolved.
	seen := map[*packageScope]bool{}
	for i := 0; i < len(used); i++ {
		p := used[i]
		if seen[p] {
			continue
		}
		seen[p] = true
		r.contents(p)
		used = append(used, p.deps...)
	}
	for _, p := range r.order {
		if seen[p] {
			r.sort(p)
		}
	}
}

// contents resolves all that is in a package.
func (r *resolver) contents(p *packageScope) {
	for _, e := range p.list {
		if e.shut != "" || len(r.errs) >= MaxErrors {
			continue
		}
		if e.worldItem != nil {
			if w := r.world(e, e.name.pos); w != nil {
				p.out.Worlds = append(p.out.Worlds, w)
			}
		} else if i := r.iface(e, e.name.pos); i != nil {
			p.out.Interfaces = append(p.out.Interfaces, i)
		}
	}
	// What a use statement names has to be there even if nothing mentions it.
	for _, scope := range p.scopes {
		for _, u := range scope.list {
			if ok, _ := r.opts.enabled(u.gate, p.id.Version); ok && !u.followed {
				r.find(scope, &u.path, 0)
			}
		}
	}
}

// sort adds a package to the sorted ones after those it depends on.
func (r *resolver) sort(p *packageScope) {
	switch {
	case p.state == done:
		return
	case p.state == underWay:
		r.errorf(p.pos, "package %s depends on itself through other packages", p.id)
		return
	case !r.deeper(p.pos):
		return
	}
	p.state = underWay
	for _, d := range p.deps {
		r.sort(d)
	}
	p.state = done
	r.chain--
	r.sorted = append(r.sorted, p)
}

// deeper counts one more link of a chain; the caller takes it back. It reports
// false, having reported an error, if the chain is too long.
func (r *resolver) deeper(at pos) bool {
	if r.chain >= maxChain {
		r.errorf(at, "a chain of references is longer than %d", maxChain)
		return false
	}
	r.chain++
	return true
}

// lookup finds the interface or world that a path names, or reports an error.
func (r *resolver) lookup(scope *fileScope, path *usePath) *entry {
	e := r.find(scope, path, 0)
	switch {
	case e == nil:
		return nil
	case e.shut != "":
		r.errorf(path.pos, "%s %q is left out: %s", e.what(), path, e.shut)
		return nil
	}
	if from, to := scope.pkg, e.scope.pkg; from != to && !from.isDep[to] {
		from.isDep[to] = true
		from.deps = append(from.deps, to)
	}
	return e
}

// find is lookup for a path that links other use statements have led to.
func (r *resolver) find(scope *fileScope, path *usePath, links int) *entry {
	if links > len(scope.uses) {
		r.errorf(path.pos, "use statements for %q lead to each other", path.name)
		return nil
	}
	if path.pkg.Name == "" {
		// A use statement that names what it defines means the one of the package.
		if u := scope.uses[path.name]; u != nil && (u.path.pkg.Name != "" || u.path.name != u.as.name) {
			u.followed = true
			return r.find(scope, &u.path, links+1)
		}
		if e := scope.pkg.names[path.name]; e != nil {
			return e
		}
		hint := nearest.Hint(path.name, append(slices.Collect(maps.Keys(scope.uses)), entryNames(scope.pkg)...))
		r.errorf(path.pos, "no interface or world %q in this file or in package %s%s", path.name, scope.pkg.id, hint)
		return nil
	}
	p := r.packages[path.pkg]
	if p == nil {
		r.errorf(path.pos, "no package %s%s", path.pkg, r.otherVersions(path.pkg))
		return nil
	}
	e := p.names[path.name]
	if e == nil {
		r.errorf(path.pos, "no interface or world %q in package %s%s", path.name, p.id, nearest.Hint(path.name, entryNames(p)))
	}
	return e
}

func entryNames(p *packageScope) []string {
	names := make([]string, len(p.list))
	for i, e := range p.list {
		names[i] = e.name.name
	}
	return names
}

// otherVersions says which versions of a package there are instead.
func (r *resolver) otherVersions(id wit.PackageID) string {
	var others []string
	for _, p := range r.order {
		if p.id.Namespace == id.Namespace && p.id.Name == id.Name {
			others = append(others, p.id.String())
		}
	}
	if others == nil {
		var names []string
		for _, p := range r.order {
			names = append(names, p.id.Namespace+":"+p.id.Name)
		}
		return " among the packages given" + nearest.Hint(id.Namespace+":"+id.Name, names)
	}
	return "; there is " + strings.Join(others, ", ")
}

// strongName returns the form of an extern name in which names of one scope must
// differ (explainer, "Name Uniqueness").
func strongName(name string) string {
	name = strings.ToLower(name)
	for _, prefix := range [...]string{"[method]", "[static]"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			if resource, member, _ := strings.Cut(rest, "."); resource == member {
				return resource
			}
			return rest
		}
	}
	return name
}
