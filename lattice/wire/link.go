package wire

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	witmodel "github.com/wattle-dev/wattle/wit"
)

// wit reports whether s is a name of WIT in lower case.
func wit(s string) bool { return witmodel.IsLabel(s) && s == strings.ToLower(s) }

// LinkKey is the key of a link: source, namespace, package and name.
func LinkKey(l *lattice.Link) string {
	return string(l.Source) + "." + l.Namespace + "." + l.Package + "." + string(l.Name)
}

// EncodeLink returns the document of a link.
func EncodeLink(l *lattice.Link) ([]byte, error) {
	return encode("link", l, MaxDocument, func(data []byte) error {
		_, err := DecodeLink(data, LinkKey(l))
		return err
	})
}

// DecodeLink reads the link that is under a key.
func DecodeLink(data []byte, key string) (*lattice.Link, error) {
	l := new(lattice.Link)
	err := read("link", data, MaxDocument, func(r *reader) {
		*l = r.link()
		if have := LinkKey(l); r.err == nil && have != key {
			r.fail("it is under key %q and belongs under %q", key, have)
		}
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// link reads a link.
func (r *reader) link() (l lattice.Link) {
	const required = "source_id target name wit_namespace wit_package interfaces"
	r.record(refused, required, func(name string) bool {
		switch name {
		case "source_id":
			l.Source = parsed(r, lattice.ParseComponentID)
		case "target":
			l.Target = parsed(r, lattice.ParseTarget)
		case "name":
			l.Name = parsed(r, lattice.ParseLinkName)
		case "wit_namespace":
			l.Namespace = parsed(r, parseWIT)
		case "wit_package":
			l.Package = parsed(r, parseWIT)
		case "interfaces":
			l.Interfaces = r.interfaces()
		case "source_config":
			l.SourceConfig = r.configNames()
		case "target_config":
			l.TargetConfig = r.configNames()
		case "secrets":
			l.Secrets = r.secrets(0)
		default:
			return false
		}
		return true
	})
	return l
}

// interfaces reads the names of interfaces of a package, of which there is one at least.
func (r *reader) interfaces() []string {
	all := list(r, MaxInterfaces, func() string { return parsed(r, parseWIT) })
	if r.err == nil && len(all) == 0 {
		r.fail("there is none")
	}
	return all
}

// parseWIT checks the name of a namespace, package or interface of WIT, without a
// version.
func parseWIT(s string) (string, error) {
	if !wit(s) {
		return "", fmt.Errorf("WIT name %.80q: %w: want words of a-z and 0-9 with hyphens between, no version", s, lattice.ErrInvalid)
	}
	return s, nil
}
