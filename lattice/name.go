package lattice

import (
	"fmt"
	"log/slog"
	"strings"
)

// Names become tokens of subjects and parts of keys. They are checked once, where
// they enter, and are what their types say from then on.
type (
	// Name names a lattice: 1 to 63 lower-case letters, digits and hyphens, no
	// hyphen at either end.
	Name string
	// HostID is a host's public key, an nkey of the server kind: "N" and 55 more
	// characters of base32.
	HostID string
	// ComponentID names a component in a lattice: 1 to 128 letters, digits,
	// hyphens and underscores.
	ComponentID string
	// ProviderID names a provider. It has the form of a ComponentID.
	ProviderID string
	// GroupName names a group of hosts. It has the form of a Name.
	GroupName string
	// ConfigName names a configuration. It has the form of a ComponentID.
	ConfigName string
	// SecretName names a secret.
	SecretName string
	// LinkName tells links of one component and interface apart. It has the form of
	// a ComponentID, and is DefaultLink where there is only one.
	LinkName string
	// AppName names an application. It has the form of a ComponentID.
	AppName string
)

// DefaultLink is the name of a link that needs none.
const DefaultLink LinkName = "default"

// DefaultName is the name of a lattice that needs none.
const DefaultName Name = "default"

// DefaultGroup is the group of a host that was given none.
const DefaultGroup GroupName = "default"

const (
	maxName = 63
	maxID   = 128
	// lenHostID is the length of an encoded public nkey.
	lenHostID = 56
)

// ParseName checks the name of a lattice.
func ParseName(s string) (Name, error) {
	if err := checkName(s); err != nil {
		return "", fmt.Errorf("lattice name %.80q: %w", s, err)
	}
	return Name(s), nil
}

// ParseGroupName checks the name of a group.
func ParseGroupName(s string) (GroupName, error) {
	if err := checkName(s); err != nil {
		return "", fmt.Errorf("group name %.80q: %w", s, err)
	}
	return GroupName(s), nil
}

// ParseHostID checks the form of a host's public key, not its checksum: one that
// is no key verifies no signature.
func ParseHostID(s string) (HostID, error) {
	ok := len(s) == lenHostID && s[0] == 'N'
	for i := 1; ok && i < len(s); i++ {
		ok = s[i] >= 'A' && s[i] <= 'Z' || s[i] >= '2' && s[i] <= '7'
	}
	if !ok {
		return "", fmt.Errorf("host %.80q: %w: not the public key of a host, N and 55 more characters A-Z and 2-7", s, ErrInvalid)
	}
	return HostID(s), nil
}

// ParseComponentID checks the name of a component.
func ParseComponentID(s string) (ComponentID, error) {
	if err := checkID(s); err != nil {
		return "", fmt.Errorf("component %.80q: %w", s, err)
	}
	return ComponentID(s), nil
}

// ParseProviderID checks the name of a provider.
func ParseProviderID(s string) (ProviderID, error) {
	if err := checkID(s); err != nil {
		return "", fmt.Errorf("provider %.80q: %w", s, err)
	}
	return ProviderID(s), nil
}

// CapabilityScheme begins the address of a capability that hosts have themselves:
// "wattle://" and its kind.
const CapabilityScheme = "wattle://"

// ParseTarget checks the target of a link: the name of a component or provider, or the
// address of a capability. It does not know which kinds there are.
func ParseTarget(s string) (string, error) {
	check := checkID
	name, capability := strings.CutPrefix(s, CapabilityScheme)
	if capability {
		check = checkName
	}
	if err := check(name); err != nil {
		return "", fmt.Errorf("target %.80q: %w", s, err)
	}
	return s, nil
}

// ParseConfigName checks the name of a configuration.
func ParseConfigName(s string) (ConfigName, error) {
	if err := checkID(s); err != nil {
		return "", fmt.Errorf("config %.80q: %w", s, err)
	}
	return ConfigName(s), nil
}

// ParseSecretName checks the name of a secret.
func ParseSecretName(s string) (SecretName, error) {
	if err := checkID(s); err != nil {
		return "", fmt.Errorf("secret %.80q: %w", s, err)
	}
	return SecretName(s), nil
}

// ParseAppName checks the name of an application.
func ParseAppName(s string) (AppName, error) {
	if err := checkID(s); err != nil {
		return "", fmt.Errorf("application %.80q: %w", s, err)
	}
	return AppName(s), nil
}

// ParseLinkName checks the name of a link; an empty one is DefaultLink.
func ParseLinkName(s string) (LinkName, error) {
	if s == "" {
		return DefaultLink, nil
	}
	if err := checkID(s); err != nil {
		return "", fmt.Errorf("link %.80q: %w", s, err)
	}
	return LinkName(s), nil
}

func checkName(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("%w: it is empty", ErrInvalid)
	case len(s) > maxName:
		return fmt.Errorf("%w: it is longer than %d characters", ErrInvalid, maxName)
	case strings.HasPrefix(s, "-"), strings.HasSuffix(s, "-"):
		return fmt.Errorf("%w: it begins or ends with a hyphen", ErrInvalid)
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
		default:
			return fmt.Errorf("%w: only a-z, 0-9 and hyphens may be in it", ErrInvalid)
		}
	}
	return nil
}

func checkID(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("%w: it is empty", ErrInvalid)
	case len(s) > maxID:
		return fmt.Errorf("%w: it is longer than %d characters", ErrInvalid, maxID)
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return fmt.Errorf("%w: only letters, digits, hyphens and underscores may be in it", ErrInvalid)
		}
	}
	return nil
}

// Short returns the beginning of the key, which people can tell apart.
func (id HostID) Short() string { return string(id[:min(len(id), 9)]) }

// Called returns what to call a host by, with the name that people gave it, if that is known:
// "edge-1 (NABCDEFGH)". Names alone need not differ.
func (id HostID) Called(name string) string {
	if name == "" {
		return id.Short()
	}
	return name + " (" + id.Short() + ")"
}

// LogValue implements slog.LogValuer.
func (id HostID) LogValue() slog.Value { return slog.StringValue(string(id)) }

// LogValue implements slog.LogValuer.
func (id ComponentID) LogValue() slog.Value { return slog.StringValue(string(id)) }
