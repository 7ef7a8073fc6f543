package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/wit"
)

// neededLink is a link that a component needs on a lattice: for interfaces of a package,
// which the same capabilities serve.
type neededLink struct {
	Imports []string `json:"imports"`
	// Capabilities are those that serve them. If there is none, it has to be another
	// component.
	Capabilities []string `json:"capabilities"`
	// Manifest are lines of a manifest that make the link.
	Manifest string `json:"manifest"`

	problem *capability.UnlinkedError
}

// neededLinks returns the links that a component needs on a lattice, for its imports.
func neededLinks(file string, imports []string) []*neededLink {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	links := []*neededLink{}
	for _, s := range imports {
		id, err := wit.ParseInterfaceID(s)
		if err != nil || capability.Inert(id) {
			continue
		}
		serving := []string{}
		for _, k := range capability.Serving(id) {
			serving = append(serving, k.Address())
		}
		i := slices.IndexFunc(links, func(l *neededLink) bool {
			return l.problem.Import.Namespace == id.Namespace && l.problem.Import.Package == id.Package && slices.Equal(l.Capabilities, serving)
		})
		if i < 0 {
			links = append(links, &neededLink{Capabilities: serving, problem: &capability.UnlinkedError{Component: name, Import: id}})
			i = len(links) - 1
		} else {
			links[i].problem.With = append(links[i].problem.With, id.Name)
		}
		links[i].Imports = append(links[i].Imports, s)
	}
	for _, l := range links {
		l.Manifest = l.problem.Remedy()
	}
	return links
}

// writeLinks writes the links that the component needs on a lattice.
func (in *inspection) writeLinks(b *strings.Builder) {
	if len(in.Services) == 0 {
		return
	}
	if len(in.Links) == 0 {
		b.WriteString("\non a lattice it needs no link\n")
		return
	}
	for _, l := range in.Links {
		fmt.Fprintf(b, "\non a lattice it needs a link for %s:\n%s\n", strings.Join(l.Imports, ", "), l.Manifest)
	}
}
