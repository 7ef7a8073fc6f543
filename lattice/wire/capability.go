package wire

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
)

// capabilities reads what a component is linked to of its host's own. A package has each
// name of a link once.
func (r *reader) capabilities() []lattice.Capability {
	seen := map[string]bool{}
	return list(r, MaxCapabilities, func() lattice.Capability {
		c := r.capability()
		key := c.Namespace + "." + c.Package + "." + string(c.Name)
		if r.err == nil && seen[key] {
			r.fail("link %q is there twice", key)
		}
		seen[key] = true
		return c
	})
}

// capability reads a link to a capability. Which kinds there are, and what their values
// mean, is the host's to know.
func (r *reader) capability() (c lattice.Capability) {
	const required = "kind name wit_namespace wit_package interfaces"
	r.record(refused, required, func(field string) bool {
		switch field {
		case "kind":
			c.Kind = parsed(r, parseKind)
		case "name":
			c.Name = parsed(r, lattice.ParseLinkName)
		case "wit_namespace":
			c.Namespace = parsed(r, parseWIT)
		case "wit_package":
			c.Package = parsed(r, parseWIT)
		case "interfaces":
			c.Interfaces = r.interfaces()
		case "config":
			c.Config = r.config()
		case "secrets":
			c.Secrets = r.secrets()
		default:
			return false
		}
		return true
	})
	return c
}

// parseKind checks the form of the name of a kind of capability.
func parseKind(s string) (string, error) {
	if _, err := lattice.ParseTarget(lattice.CapabilityScheme + s); err != nil {
		return "", fmt.Errorf("kind %.80q: %w: want words of a-z and 0-9 with hyphens between", s, lattice.ErrInvalid)
	}
	return s, nil
}

// secrets reads versions of secrets by the names that whoever may ask for them has for
// them, nil if there is none.
func (r *reader) secrets() map[string]lattice.SecretRef {
	var all map[string]lattice.SecretRef
	r.members(MaxSecrets, func(name string) {
		if _, ok := all[name]; ok {
			r.fail("the key is there twice")
			return
		}
		if err := CheckSecretKey(name); err != nil {
			r.refuse(err)
			return
		}
		if all == nil {
			all = map[string]lattice.SecretRef{}
		}
		all[name] = r.secretRef()
	})
	return all
}

// secretRef reads a version of a secret, which counts from 1.
func (r *reader) secretRef() (s lattice.SecretRef) {
	r.record(refused, "name version", func(field string) bool {
		switch field {
		case "name":
			s.Name = parsed(r, lattice.ParseSecretName)
		case "version":
			s.Version = r.uint(1, maxUint)
		default:
			return false
		}
		return true
	})
	return s
}

// CheckSecretKey checks the name that a component, or a link of it, has for a secret. It
// has no brace, as it stands between braces in the values of configurations.
func CheckSecretKey(key string) error {
	ok := key != "" && len(key) <= MaxConfigKey && Printable(key)
	for i := 0; ok && i < len(key); i++ {
		ok = key[i] != '{' && key[i] != '}'
	}
	if !ok {
		return fmt.Errorf("secret %.80q: %w: want 1 to %d bytes that can be printed, and no braces", key, lattice.ErrInvalid, MaxConfigKey)
	}
	return nil
}
