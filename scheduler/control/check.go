package control

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// MaxConfig bounds the keys and values of a configuration together, in bytes. All
// other bounds are those of documents in package lattice/wire.
const MaxConfig = 192 << 10

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", lattice.ErrInvalid, fmt.Errorf(format, args...))
}

func checkComponent(id lattice.ComponentID) error {
	_, err := lattice.ParseComponentID(string(id))
	return err
}

func checkHost(id lattice.HostID, optional bool) error {
	if id == "" && optional {
		return nil
	}
	_, err := lattice.ParseHostID(string(id))
	return err
}

func checkConfigName(name lattice.ConfigName) error {
	_, err := lattice.ParseConfigName(string(name))
	return err
}

func checkTarget(target string) error {
	_, err := lattice.ParseTarget(target)
	return err
}

// checkLinkName wants a name that is written out: a document has no other.
func checkLinkName(name lattice.LinkName) error {
	if name == "" {
		return invalid("name: it is empty; %q is the usual one", lattice.DefaultLink)
	}
	_, err := lattice.ParseLinkName(string(name))
	return err
}

func checkRef(ref string) error {
	if ref == "" || len(ref) > wire.MaxRef || !wire.Printable(ref) {
		return invalid("ref %.80q: want 1 to %d bytes that can be printed", ref, wire.MaxRef)
	}
	return nil
}

func checkDigest(digest string) error {
	if digest == "" {
		return nil
	}
	return wire.CheckDigest(digest)
}

func checkCount(what string, n, most int) error {
	if n < 0 || n > most {
		return invalid("%s %d: want 0 to %d", what, n, most)
	}
	return nil
}

func checkWhere(w *Where, hosts int) error {
	var group, many error
	if w.Group != "" {
		_, group = lattice.ParseGroupName(string(w.Group))
	}
	if w.Host != "" && hosts > 1 {
		many = invalid("hosts %d: one host is named", hosts)
	}
	return errors.Join(checkHost(w.Host, true), group, checkLabels(w.Labels), many)
}

func checkConfigNames(what string, names []lattice.ConfigName) error {
	if len(names) > wire.MaxConfigNames {
		return invalid("%s: %d configurations, the limit is %d", what, len(names), wire.MaxConfigNames)
	}
	var errs []error
	for i, name := range names {
		if err := checkConfigName(name); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
		if slices.Contains(names[:i], name) {
			errs = append(errs, invalid("%s: %.80q is there twice", what, name))
		}
	}
	return errors.Join(errs...)
}

func checkInterfaces(names []string) error {
	if len(names) == 0 || len(names) > wire.MaxInterfaces {
		return invalid("interfaces: %d of them, want 1 to %d", len(names), wire.MaxInterfaces)
	}
	var errs []error
	for i, name := range names {
		errs = append(errs, wire.CheckWIT("interfaces", name))
		if slices.Contains(names[:i], name) {
			errs = append(errs, invalid("interfaces: %.80q is there twice", name))
		}
	}
	return errors.Join(errs...)
}

func checkLabels(labels map[string]string) error {
	if len(labels) > wire.MaxLabels {
		return invalid("%d labels, the limit is %d", len(labels), wire.MaxLabels)
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		errs = append(errs, wire.CheckLabelKey(key), wire.CheckLabelValue(labels[key]))
	}
	return errors.Join(errs...)
}

func checkAnnotations(texts map[string]string) error {
	if len(texts) > wire.MaxLabels {
		return invalid("%d annotations, the limit is %d", len(texts), wire.MaxLabels)
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		errs = append(errs, wire.CheckLabelKey(key))
		if value := texts[key]; len(value) > wire.MaxAnnotation || !wire.Printable(value) {
			errs = append(errs, invalid("annotation %.80q: want up to %d bytes that can be printed", key, wire.MaxAnnotation))
		}
	}
	return errors.Join(errs...)
}

func checkValues(values lattice.Config) error {
	if len(values) > wire.MaxConfigValues {
		return invalid("%d values, the limit is %d", len(values), wire.MaxConfigValues)
	}
	var errs []error
	total := 0
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value := values[key]
		total += len(key) + len(value)
		if key == "" || len(key) > wire.MaxConfigKey || !wire.Printable(key) {
			errs = append(errs, invalid("key %.80q: want 1 to %d bytes that can be printed", key, wire.MaxConfigKey))
		}
		switch {
		case len(value) > wire.MaxConfigValue:
			errs = append(errs, invalid("value of %.80q: %d bytes, the limit is %d", key, len(value), wire.MaxConfigValue))
		case !wire.PrintableText(value):
			errs = append(errs, invalid("value of %.80q: it has characters that cannot be printed", key))
		}
	}
	if total > MaxConfig {
		errs = append(errs, invalid("%d bytes of keys and values, the limit is %d", total, MaxConfig))
	}
	return errors.Join(errs...)
}
