package capability

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// Granted reports whether a component may import an interface, in whatever version: it is
// inert, or one of the capabilities that the component is linked to serves it.
func Granted(links []lattice.Capability, id wit.InterfaceID) bool {
	return Inert(id) || slices.ContainsFunc(links, func(c lattice.Capability) bool {
		k := Find(c.Kind)
		return k != nil && k.Grants(c.Namespace, c.Package, c.Interfaces, id)
	})
}

// Grants reports whether a link to the capability for some interfaces of a package
// grants an interface: it is one of them, or goes along with all of its package.
func (k *Kind) Grants(namespace, pkg string, interfaces []string, id wit.InterfaceID) bool {
	return id.Namespace == namespace && id.Package == pkg && k.Offers(id) &&
		(slices.Contains(interfaces, id.Name) || slices.Contains(k.Along, id.Unversioned().String()))
}

// CheckLink returns what is wrong with a link of a component to the capability.
func (k *Kind) CheckLink(namespace, pkg string, interfaces []string) error {
	return checkInterfaces(k.Address()+" does not serve %q: it serves %s", k.Serves, namespace, pkg, interfaces)
}

// CheckCalls returns what is wrong with a link of the capability to a component.
func (k *Kind) CheckCalls(namespace, pkg string, interfaces []string) error {
	return checkInterfaces(k.Address()+" does not call %q: it calls %s", k.Calls, namespace, pkg, interfaces)
}

func checkInterfaces(format string, have []string, namespace, pkg string, interfaces []string) error {
	for _, name := range interfaces {
		id := wit.InterfaceID{Namespace: namespace, Package: pkg, Name: name}.String()
		if slices.Contains(have, id) {
			continue
		}
		list := "nothing"
		if len(have) > 0 {
			list = strings.Join(have, ", ")
		}
		return fmt.Errorf("%w: %w", lattice.ErrInvalid, fmt.Errorf(format, id, list))
	}
	return nil
}

// Merge returns configurations laid one over the other, later ones over earlier ones:
// those of the capability, of the link's target, and of its source.
func Merge(configs ...lattice.Config) map[string]string {
	var all map[string]string
	for _, c := range configs {
		for key, value := range c {
			if all == nil {
				all = map[string]string{}
			}
			all[key] = value
		}
	}
	return all
}
