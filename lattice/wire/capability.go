package wire

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// capabilities reads what a component is linked to of its host's own. Several may have
// one name, as those that call the component do.
func (r *reader) capabilities() []lattice.Capability {
	return list(r, MaxCapabilities, r.capability)
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
			c.Secrets = r.secrets(1)
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

// secrets reads versions of secrets, from least on, by the names that whoever may ask for
// them has for them, nil if there is none.
func (r *reader) secrets(least uint64) map[string]lattice.SecretRef {
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
		all[name] = r.secretRef(least)
	})
	return all
}

// secretRef reads a version of a secret.
func (r *reader) secretRef(least uint64) (s lattice.SecretRef) {
	r.record(refused, "name version", func(field string) bool {
		switch field {
		case "name":
			s.Name = parsed(r, lattice.ParseSecretName)
		case "version":
			s.Version = r.uint(least, MaxSecretVersion)
		default:
			return false
		}
		return true
	})
	return s
}

// CheckSecrets checks the secrets that something may ask for, by its names for them. A
// version of zero is the newest one.
func CheckSecrets(secrets map[string]lattice.SecretRef) error {
	if len(secrets) > MaxSecrets {
		return invalid("%d secrets, the limit is %d", len(secrets), MaxSecrets)
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(secrets)) {
		ref := secrets[key]
		_, err := lattice.ParseSecretName(string(ref.Name))
		errs = append(errs, CheckSecretKey(key), err)
		if ref.Version > MaxSecretVersion {
			errs = append(errs, invalid("secret %.80q: version %d: want 0 to %d", ref.Name, ref.Version, uint64(MaxSecretVersion)))
		}
	}
	return errors.Join(errs...)
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
