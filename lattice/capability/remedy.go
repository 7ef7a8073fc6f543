package capability

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// UnlinkedError says that a component imports what no link of it serves.
type UnlinkedError struct {
	// Component is its name, in its manifest or the lattice.
	Component string
	// Import is the interface, in the version that the component wants.
	Import wit.InterfaceID
	// Exporter is the name of a component that exports it, if one is known.
	Exporter string
	// With are the names of other interfaces of the package that are to be linked too.
	With []string
}

// Error returns what is wrong and, in the lines that follow, what to do about it.
func (e *UnlinkedError) Error() string {
	return e.Problem() + "; " + e.Remedy() + "\nor, if it is part of no application: " + e.Command()
}

// Is says that the component reaches for what it was not granted.
func (e *UnlinkedError) Is(target error) bool { return target == lattice.ErrDenied }

// Problem says what is wrong.
func (e *UnlinkedError) Problem() string {
	return fmt.Sprintf("component %.128q imports %q, and is not linked to anything that serves it", e.Component, e.Import)
}

// Remedy says what of a manifest would serve the import, in lines to be copied.
func (e *UnlinkedError) Remedy() string {
	var b strings.Builder
	kinds := Serving(e.Import)
	namespace, pkg, interfaces := e.Import.Namespace, e.Import.Package, append([]string{e.Import.Name}, e.With...)
	switch {
	case e.Exporter != "":
		fmt.Fprintf(&b, "link it to %.128q, which exports it: add to its traits in the manifest\n", e.Exporter)
		writeTrait(&b, namespace, pkg, interfaces, e.Exporter, nil)
	case len(kinds) == 0:
		b.WriteString("link it to a component that exports it: add to its traits in the manifest\n")
		writeTrait(&b, namespace, pkg, interfaces, "TARGET", nil)
	default:
		b.WriteString("link it to ")
		for i, k := range kinds {
			if i > 0 {
				b.WriteString(" or ")
			}
			b.WriteString(k.Address())
		}
		b.WriteString(": add to spec.components of the manifest\n")
		kinds[0].writePart(&b)
		b.WriteString("and to the traits of the component\n")
		config := kinds[0].configLines("target", e.Component)
		writeTrait(&b, namespace, pkg, interfaces, kinds[0].Name, config)
		config.writePolicy(&b)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Manifest returns what a manifest says that links a component to the capability, or it to
// the component, in lines to be copied.
func (k *Kind) Manifest(component string) string {
	var b strings.Builder
	k.writePart(&b)
	if len(k.Serves) > 0 {
		namespace, pkg, interfaces := firstPackage(k.Serves)
		b.WriteString("and in the traits of a component:\n")
		config := k.configLines("target", component)
		writeTrait(&b, namespace, pkg, interfaces, k.Name, config)
		config.writePolicy(&b)
		return b.String()
	}
	namespace, pkg, interfaces := firstPackage(k.Calls)
	b.WriteString("with the trait:\n")
	writeTrait(&b, namespace, pkg, interfaces, component, k.configLines("source", component))
	return b.String()
}

// firstPackage returns the package of the first of some interfaces, and those of it.
func firstPackage(names []string) (namespace, pkg string, interfaces []string) {
	for _, name := range names {
		id, err := wit.ParseInterfaceID(name)
		if err != nil || len(interfaces) > 0 && (id.Namespace != namespace || id.Package != pkg) {
			continue
		}
		namespace, pkg, interfaces = id.Namespace, id.Package, append(interfaces, id.Name)
	}
	return namespace, pkg, interfaces
}

func (k *Kind) writePart(b *strings.Builder) {
	fmt.Fprintf(b, "  - name: %s\n    type: capability\n    properties: {image: %s}\n", k.Name, k.Address())
}

// writeTrait writes the trait of a link. config are lines that follow, at one end or the
// other.
func writeTrait(b *strings.Builder, namespace, pkg string, interfaces []string, target string, config *traitConfig) {
	fmt.Fprintf(b, "  - type: link\n"+
		"    properties:\n"+
		"      namespace: %s\n"+
		"      package: %s\n"+
		"      interfaces: [%s]\n", namespace, pkg, strings.Join(interfaces, ", "))
	if config != nil && config.end == "source" {
		b.WriteString("      source:\n")
		config.write(b)
	}
	fmt.Fprintf(b, "      target:\n        name: %s\n", target)
	if config != nil && config.end == "target" {
		config.write(b)
	}
}

// traitConfig is the configuration of one end of a link, with the secrets that it asks for.
type traitConfig struct {
	end, name string
	lines     []string
	// keys are the names of secrets in the lattice, by those in the lines.
	keys [][2]string
}

// configLines is the example of a configuration, nil if there is none.
func (k *Kind) configLines(end, component string) *traitConfig {
	if len(k.Example) == 0 {
		return nil
	}
	c := &traitConfig{end: end, name: component + "-" + k.Name, lines: k.Example}
	for _, line := range k.Example {
		if text, err := parseText(line); err == nil {
			for _, name := range text.Secrets() {
				c.keys = append(c.keys, [2]string{name, component + "-" + name})
			}
		}
	}
	return c
}

func (c *traitConfig) write(b *strings.Builder) {
	fmt.Fprintf(b, "        config:\n          - name: %s\n            properties:\n", c.name)
	for _, line := range c.lines {
		b.WriteString("              " + line + "\n")
	}
	if len(c.keys) == 0 {
		return
	}
	b.WriteString("        secrets:\n")
	for _, key := range c.keys {
		fmt.Fprintf(b, "          - name: %s\n            properties: {policy: secrets, key: %s}\n", key[0], key[1])
	}
}

// writePolicy writes the policy that a manifest with secrets needs.
func (c *traitConfig) writePolicy(b *strings.Builder) {
	if c == nil || len(c.keys) == 0 {
		return
	}
	fmt.Fprintf(b, "and to spec.policies, for what `wattle secret put %s` stores\n"+
		"  - name: secrets\n"+
		"    type: policy.secret.wasmcloud.dev/v1alpha1\n"+
		"    properties: {backend: wattle}\n", c.keys[0][1])
}

// Command is the command that would serve the import.
func (e *UnlinkedError) Command() string {
	target := e.Exporter
	if kinds := Serving(e.Import); target == "" && len(kinds) > 0 {
		target = kinds[0].Address()
	}
	return fmt.Sprintf("wattle link put %s %s %s", e.Component, cmp.Or(target, "TARGET"), e.Import.Unversioned())
}
