package oci

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/wattle-dev/wattle/lattice"
)

// Registry says where references with a prefix lead, as a table [[registry]] of
// containers-registries.conf(5) in version 2.
type Registry struct {
	// Prefix is that of a registry, a namespace or a repository, "*." and a domain for
	// everything below it, or empty: then it is Location.
	Prefix   string   `toml:"prefix"`
	Location string   `toml:"location"`
	Insecure bool     `toml:"insecure"`
	Blocked  bool     `toml:"blocked"`
	Mirrors  []Mirror `toml:"mirror"`
	// MirrorByDigestOnly has mirrors be asked for digests alone.
	MirrorByDigestOnly bool `toml:"mirror-by-digest-only"`
}

// Mirror is a place that is asked before the registry itself.
type Mirror struct {
	Location string `toml:"location"`
	Insecure bool   `toml:"insecure"`
	// PullFromMirror is "all", "digest-only" or "tag-only"; if empty, all.
	PullFromMirror string `toml:"pull-from-mirror"`
}

const maxRegistries = 1 << 20

// ReadRegistries reads a file in the format of containers-registries.conf. One that does
// not exist is as empty.
func ReadRegistries(file string) ([]Registry, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := readAll(f, maxRegistries)
	if err != nil {
		return nil, fmt.Errorf("registries in %q: %w", file, err)
	}
	all, err := ParseRegistries(string(text))
	if err != nil {
		return nil, fmt.Errorf("registries in %q: %w", file, err)
	}
	return all, nil
}

// ParseRegistries reads the tables [[registry]] of a text. Other settings of
// containers-registries.conf are not for Wattle.
func ParseRegistries(text string) ([]Registry, error) {
	var all struct {
		Registry []Registry `toml:"registry"`
	}
	if _, err := toml.Decode(text, &all); err != nil {
		return nil, fmt.Errorf("%w: %v", lattice.ErrInvalid, err)
	}
	for i := range all.Registry {
		r := &all.Registry[i]
		if r.Prefix == "" {
			r.Prefix = r.Location
		}
		switch {
		case r.Prefix == "":
			return nil, fmt.Errorf("registry %d: %w: it has neither a prefix nor a location", i+1, lattice.ErrInvalid)
		case strings.HasPrefix(r.Prefix, "*.") && r.Location != "":
			return nil, fmt.Errorf("registry %q: %w: a prefix with a wildcard has no location", r.Prefix, lattice.ErrInvalid)
		}
		for _, m := range r.Mirrors {
			switch m.PullFromMirror {
			case "", "all", "digest-only", "tag-only":
			default:
				return nil, fmt.Errorf("registry %q: %w: pull-from-mirror %.80q", r.Prefix, lattice.ErrInvalid, m.PullFromMirror)
			}
			if m.Location == "" {
				return nil, fmt.Errorf("registry %q: %w: a mirror has no location", r.Prefix, lattice.ErrInvalid)
			}
		}
	}
	return all.Registry, nil
}

// matches returns how much of a name a prefix covers, zero if it does not match.
func (r *Registry) matches(name string) int {
	if domain, ok := strings.CutPrefix(r.Prefix, "*"); ok {
		host, _, _ := strings.Cut(name, "/")
		if h, _, found := strings.Cut(host, ":"); found && !strings.Contains(domain, ":") {
			host = h
		}
		if strings.HasSuffix(host, domain) && len(host) > len(domain) {
			return len(domain)
		}
		return 0
	}
	rest, ok := strings.CutPrefix(name, r.Prefix)
	if !ok || rest != "" && !strings.ContainsRune("/:@", rune(rest[0])) && !strings.HasSuffix(r.Prefix, "/") {
		return 0
	}
	return len(r.Prefix)
}

// place is where a reference is looked for: a registry and repository.
type place struct {
	name            string
	plain, insecure bool
}

// places returns where a reference leads, mirrors first.
func (c *Client) places(ref Reference) ([]place, error) {
	name := ref.Registry + "/" + ref.Repository
	var best *Registry
	covered := 0
	for i := range c.opts.Registries {
		if n := c.opts.Registries[i].matches(name); n > covered {
			best, covered = &c.opts.Registries[i], n
		}
	}
	own := func(name string, insecure bool) place {
		registry, _, _ := strings.Cut(name, "/")
		return place{name: name, plain: loopback(registry), insecure: insecure}
	}
	if best == nil {
		return []place{own(name, false)}, nil
	}
	if best.Blocked {
		return nil, fmt.Errorf("image %q: %w: the configuration of registries blocks %q", ref, lattice.ErrDenied, best.Prefix)
	}
	var all []place
	for _, m := range best.Mirrors {
		byDigest := ref.Digest != ""
		if (best.MirrorByDigestOnly || m.PullFromMirror == "digest-only") && !byDigest || m.PullFromMirror == "tag-only" && byDigest {
			continue
		}
		all = append(all, own(m.Location+name[min(covered, len(name)):], m.Insecure))
	}
	if best.Location != "" {
		name = best.Location + name[covered:]
	}
	return append(all, own(name, best.Insecure)), nil
}
