package oci

import (
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/registry"

	"github.com/wattle-dev/wattle/lattice"
)

// maxReference bounds the text of a reference.
const maxReference = 1024

// Reference names an artifact.
type Reference struct {
	// Registry is a host, with or without a port.
	Registry   string
	Repository string
	// Tag and Digest are empty if they are not said; one of them is there.
	Tag, Digest string
}

// ParseReference reads a reference, with or without "oci://" in front.
func ParseReference(text string) (Reference, error) {
	fail := func(why string) (Reference, error) {
		return Reference{}, fmt.Errorf("image %.200q: %w: %s", text, lattice.ErrInvalid, why)
	}
	s := strings.TrimPrefix(text, "oci://")
	if len(s) > maxReference {
		return fail(fmt.Sprintf("longer than %d bytes", maxReference))
	}
	host, _, ok := strings.Cut(s, "/")
	if !ok || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return fail("it names no registry: write it as registry.example.com/name:tag")
	}
	name, sum, pinned := strings.Cut(s, "@")
	ref := name
	tag := ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		ref, tag = name[:i], name[i+1:]
	}
	switch {
	case pinned && digest.Digest(sum).Validate() != nil:
		return fail(fmt.Sprintf("%.80q is not a digest", sum))
	case pinned && !strings.HasPrefix(sum, "sha256:"):
		return fail("digests are sha256")
	case !pinned && tag == "":
		return fail("it has neither a tag nor a digest: add :TAG or @sha256:…")
	}
	check := ref
	if tag != "" {
		check += ":" + tag
	}
	parsed, err := registry.ParseReference(check)
	if err != nil {
		return fail("it is not of the form registry/name:tag")
	}
	return Reference{Registry: parsed.Registry, Repository: parsed.Repository, Tag: tag, Digest: sum}, nil
}

// String returns the reference in the form that ParseReference reads.
func (r Reference) String() string {
	s := r.Registry + "/" + r.Repository
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.Digest != "" {
		s += "@" + r.Digest
	}
	return s
}

// point is what a registry is asked for.
func (r Reference) point() string {
	if r.Digest != "" {
		return r.Digest
	}
	return r.Tag
}

// Is reports whether a text is meant as a reference to a registry, and not as a file,
// a digest or a capability.
func Is(text string) bool {
	_, err := ParseReference(text)
	return err == nil || strings.HasPrefix(text, "oci://")
}
