package state

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Kind is a kind of record. It begins the key.
type Kind string

// The kinds of records.
const (
	KindApp        Kind = "app"
	KindManifest   Kind = "manifest"
	KindComponent  Kind = "component"
	KindPlacements Kind = "placements"
	KindProvider   Kind = "provider"
	KindLink       Kind = "link"
	KindConfig     Kind = "config"
	KindSecret     Kind = "secret"
	KindHost       Kind = "host"
	KindRef        Kind = "ref"
	KindMeta       Kind = "meta"
)

// MetaKey is the key of the one record of its kind.
const MetaKey Key = "meta.state"

func key(k Kind, name string) Key { return Key(string(k) + "." + name) }

// AppKey is the key of an application.
func AppKey(name lattice.AppName) Key { return key(KindApp, string(name)) }

// ManifestKey is the key of the manifest of a version. Those of an application are in
// the order of their numbers.
func ManifestKey(app lattice.AppName, number uint64) Key {
	return key(KindManifest, manifestName(app, number))
}

// ComponentKey is the key of a component.
func ComponentKey(id lattice.ComponentID) Key { return key(KindComponent, string(id)) }

// PlacementsKey is the key of where a component runs.
func PlacementsKey(id lattice.ComponentID) Key { return key(KindPlacements, string(id)) }

// ProviderKey is the key of a capability.
func ProviderKey(id lattice.ComponentID) Key { return key(KindProvider, string(id)) }

// LinkKey is the key of a link.
func LinkKey(l *lattice.Link) Key { return key(KindLink, wire.LinkKey(l)) }

// ConfigKey is the key of a configuration.
func ConfigKey(name lattice.ConfigName) Key { return key(KindConfig, string(name)) }

// SecretKey is the key of a secret.
func SecretKey(name lattice.SecretName) Key { return key(KindSecret, string(name)) }

// HostKey is the key of a host.
func HostKey(id lattice.HostID) Key { return key(KindHost, string(id)) }

// RefKey is the key of where a binary came from, which itself cannot be one.
func RefKey(ref string) Key { return key(KindRef, refName(ref)) }

// numberDigits is how many digits a number in a key has, so that keys are in the order
// of numbers.
const numberDigits = 20

func manifestName(app lattice.AppName, number uint64) string {
	return fmt.Sprintf("%s.%0*d", app, numberDigits, number)
}

func refName(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return hex.EncodeToString(sum[:])
}

// Kind returns the kind that a key names, which need not be one that there is.
func (k Key) Kind() Kind {
	kind, _, _ := strings.Cut(string(k), ".")
	return Kind(kind)
}

// Name returns what a key has after the kind.
func (k Key) Name() string {
	_, name, _ := strings.Cut(string(k), ".")
	return name
}

// ParseKey checks a key.
func ParseKey(s string) (Key, error) {
	k := Key(s)
	var err error
	switch name := k.Name(); k.Kind() {
	case KindApp:
		_, err = lattice.ParseAppName(name)
	case KindManifest:
		app, digits, _ := strings.Cut(name, ".")
		number, bad := strconv.ParseUint(digits, 10, 64)
		if bad != nil || manifestName(lattice.AppName(app), number) != name {
			return "", invalid("key %.300q: want %d digits at the end", s, numberDigits)
		}
		_, err = lattice.ParseAppName(app)
	case KindComponent, KindPlacements, KindProvider:
		_, err = lattice.ParseComponentID(name)
	case KindLink:
		return k, checkLinkKey(name)
	case KindConfig:
		_, err = lattice.ParseConfigName(name)
	case KindSecret:
		_, err = lattice.ParseSecretName(name)
	case KindHost:
		_, err = lattice.ParseHostID(name)
	case KindRef:
		if raw, bad := hex.DecodeString(name); bad != nil || len(raw) != sha256.Size || strings.ToLower(name) != name {
			return "", invalid("key %.300q: want the SHA-256 of a ref in hexadecimal digits", s)
		}
	case KindMeta:
		if k != MetaKey {
			return "", invalid("key %.300q: the only one of its kind is %q", s, MetaKey)
		}
	default:
		return "", invalid("key %.300q: it is of no kind that there is", s)
	}
	if err != nil {
		return "", fmt.Errorf("key %.300q: %w", s, err)
	}
	return k, nil
}

// checkLinkKey checks the name in the key of a link as far as one can without the link.
func checkLinkKey(name string) error {
	parts := strings.Split(name, ".")
	if len(parts) != 4 {
		return invalid("key of a link %.300q: want source, namespace, package and name", name)
	}
	l := lattice.Link{
		Source: lattice.ComponentID(parts[0]), Namespace: parts[1], Package: parts[2], Name: lattice.LinkName(parts[3]),
		Target: parts[0], Interfaces: []string{"any"},
	}
	return checkLink(&l)
}

// Key returns the key under which a record belongs, empty if it is not of one kind.
func (r *Record) Key() Key {
	k, n := Key(""), 0
	is := func(there bool, key func() Key) {
		if there {
			k, n = key(), n+1
		}
	}
	is(r.App != nil, func() Key { return AppKey(r.App.Name) })
	is(r.Manifest != nil, func() Key { return ManifestKey(r.Manifest.App, r.Manifest.Number) })
	is(r.Component != nil, func() Key { return ComponentKey(r.Component.ID) })
	is(r.Placements != nil, func() Key { return PlacementsKey(r.Placements.Component) })
	is(r.Provider != nil, func() Key { return ProviderKey(r.Provider.ID) })
	is(r.Link != nil, func() Key { return LinkKey(&r.Link.Link) })
	is(r.Config != nil, func() Key { return ConfigKey(r.Config.Name) })
	is(r.Secret != nil, func() Key { return SecretKey(r.Secret.Name) })
	is(r.Host != nil, func() Key { return HostKey(r.Host.ID) })
	is(r.Ref != nil, func() Key { return RefKey(r.Ref.Ref) })
	is(r.Meta != nil, func() Key { return MetaKey })
	if n != 1 {
		return ""
	}
	return k
}

// Put is the change that sets a record under its key.
func Put(r Record) Change { return Change{Key: r.Key(), Record: r} }

// Delete is the change that deletes the record under a key.
func Delete(k Key) Change { return Change{Key: k} }

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", lattice.ErrInvalid, fmt.Errorf(format, args...))
}
