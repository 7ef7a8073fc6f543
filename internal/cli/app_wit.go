package cli

import (
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/manifest"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/compat"
)

// checkWIT holds the binaries of an application against their links: by name, that
// each import is served, and by type, that the target of a link has what is imported.
func (a *appFile) checkWIT(linker *component.Linker) {
	known := map[string]manifest.Interfaces{}
	for i := range a.manifest.Components {
		c := &a.manifest.Components[i]
		if p := a.binaries[c.Image]; p != nil {
			known[c.Name] = manifest.Interfaces{Imports: p.imports(), Exports: p.exports()}
		}
	}
	warnings, err := a.manifest.CheckImports(linker.Serves, known)
	a.warnings = append(a.warnings, warnings...)
	a.add(err)
	for i := range a.manifest.Components {
		a.checkTypes(&a.manifest.Components[i], linker)
	}
}

// checkTypes holds what a component imports against what the host has of that name and,
// by its links, what their targets export.
func (a *appFile) checkTypes(c *manifest.Component, linker *component.Linker) {
	source := a.binaries[c.Image]
	if source == nil {
		return
	}
	if source.about.World == nil {
		a.skip("component %q: its imports cannot be written as WIT: %s", c.Name, source.about.WorldError)
		return
	}
	for _, s := range source.about.Services(linker) {
		if _, named := linker.Serves(s.Import); named && !s.Served {
			a.misfit(c, "build it against the WIT of that version", "%q imports %s, and the host has another: %s", c.Name, s.Import, strings.Join(s.Reasons, "; "))
		}
	}
	for i := range source.about.World.Imports {
		x := &source.about.World.Imports[i]
		l := linkFor(c.Links, x)
		if l == nil || x.Interface == nil || a.isCapability(l.To) {
			continue
		}
		offers, ok := a.offers(l.To)
		if !ok {
			a.skip("component %q imports %s of %q, whose image is not a file here", c.Name, x.ID, l.To)
			continue
		}
		if _, fault := offers.Find(x.ID); fault != nil {
			continue // that it is missing is said
		}
		if v := offers.Import(x); !v.OK() {
			var faults []string
			for _, f := range v.Faults {
				faults = append(faults, f.String())
			}
			a.misfit(c, "build both against the same WIT", "%q imports %s, and %q has another: %s", c.Name, x.ID, l.To, strings.Join(faults, "; "))
		}
	}
}

// isCapability reports whether a name of the manifest is that of a capability. What it
// serves is that of the host.
func (a *appFile) isCapability(name string) bool {
	return slices.ContainsFunc(a.manifest.Providers, func(p manifest.Provider) bool { return p.Name == name })
}

// misfit reports what is wrong with the binary of a component.
func (a *appFile) misfit(c *manifest.Component, fix, format string, args ...any) {
	a.errs = append(a.errs, a.manifest.ImageFault(c.Name, fix, format, args...))
}

// linkFor returns the link that serves an import, as hosts choose it, or nil.
func linkFor(links []manifest.Link, x *wit.Extern) *manifest.Link {
	var found *manifest.Link
	for i := range links {
		l := &links[i]
		fits := x.Name == "" && l.Namespace == x.ID.Namespace && l.Package == x.ID.Package && slices.Contains(l.Interfaces, x.ID.Name)
		if fits && (found == nil || l.Name == lattice.DefaultLink) {
			found = l
		}
	}
	return found
}

// offers returns what the component of a name exports, if that is known.
func (a *appFile) offers(name string) (offers compat.Offers, ok bool) {
	i := slices.IndexFunc(a.manifest.Components, func(c manifest.Component) bool { return c.Name == name })
	if i < 0 {
		return nil, false
	}
	p := a.binaries[a.manifest.Components[i].Image]
	if p == nil || p.about.World == nil {
		return nil, false
	}
	for i := range p.about.World.Exports {
		if x := &p.about.World.Exports[i]; x.Interface != nil {
			offers = append(offers, compat.Offer{Interface: x.Interface})
		}
	}
	return offers, true
}
