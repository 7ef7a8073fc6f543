package component

import (
	"fmt"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/compat"
)

// Alias offers an interface that is defined under another name as well, whose functions
// are the same: in the version of a draft before it, which is on a track of its own, or
// without any. Names are with versions. The resources are the same types in both.
func (l *Linker) Alias(name, also string) error {
	from := l.find(name)
	if from == nil {
		return fmt.Errorf("interface %q is not defined", name)
	}
	to, err := wit.ParseInterfaceID(also)
	if err != nil {
		return err
	}
	if have := l.find(also); have != nil {
		return fmt.Errorf("interface %q is already defined as %q", to, have.id)
	}
	h := *from
	h.id = to
	h.offer = compat.Offer{Interface: &wit.Interface{ID: to, Funcs: from.offer.Funcs}, Structural: true}
	for _, t := range from.offer.Types {
		h.offer.Types = append(h.offer.Types, &wit.TypeDef{Name: t.Name, Resource: &wit.Resource{Name: t.Resource.Name, Owner: to}})
	}
	key := to.Unversioned().String()
	l.ifaces[key] = append(l.ifaces[key], &h)
	return nil
}
