package oci

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Provenance is where a binary comes from. It is what it says only after Verify.
type Provenance struct {
	// Ref is the reference, with the manifest's digest.
	Ref string `json:"ref"`
	// Manifest is the manifest, byte for byte.
	Manifest   []byte      `json:"manifest"`
	Signatures []Signature `json:"signatures,omitempty"`
}

// MaxProvenance bounds the text of a provenance.
const MaxProvenance = 4 << 20

// Encode returns the provenance as text.
func (p *Provenance) Encode() ([]byte, error) {
	data, err := json.Marshal(p)
	if err == nil && len(data) > MaxProvenance {
		err = fmt.Errorf("provenance: %w: %d bytes are more than %d", lattice.ErrExhausted, len(data), MaxProvenance)
	}
	return data, err
}

// DecodeProvenance reads a provenance.
func DecodeProvenance(data []byte) (*Provenance, error) {
	if len(data) > MaxProvenance {
		return nil, fmt.Errorf("provenance: %w: %d bytes are more than %d", lattice.ErrInvalid, len(data), MaxProvenance)
	}
	var p Provenance
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("provenance: %w: %v", lattice.ErrInvalid, err)
	}
	if len(p.Signatures) > MaxSignatures {
		return nil, fmt.Errorf("provenance: %w: %d signatures are more than %d", lattice.ErrInvalid, len(p.Signatures), MaxSignatures)
	}
	return &p, nil
}

// Policy says which binaries may be run. The zero value allows all.
type Policy struct {
	// Rules are looked at in turn; the first that matches counts. What none matches is
	// refused if there is any.
	Rules []Rule
}

// Rule is a rule of a policy.
type Rule struct {
	// Match is the beginning of references without "oci://", up to a slash, colon or
	// the end of the name; or "*" for all of them. "file" is what comes from no registry.
	Match string
	// Keys are those of which one must have signed. If there is none, Unsigned says
	// whether it may be used all the same.
	Keys     []Key
	Unsigned bool
}

// The limits of a policy's text.
const (
	MaxPolicy = wire.MaxImagePolicy
	maxRules  = 256
	maxKeys   = 16
)

// ParsePolicy reads a policy in JSON:
//
//	{"rules": [
//	  {"match": "ghcr.io/acme/", "keys": ["-----BEGIN PUBLIC KEY-----\n…"]},
//	  {"match": "file", "unsigned": true}
//	]}
//
// An empty text is the policy that allows all.
func ParsePolicy(text string) (*Policy, error) {
	if text == "" {
		return &Policy{}, nil
	}
	if len(text) > MaxPolicy {
		return nil, fmt.Errorf("image policy: %w: %d bytes are more than %d", lattice.ErrInvalid, len(text), MaxPolicy)
	}
	var in struct {
		Rules []struct {
			Match    string   `json:"match"`
			Keys     []string `json:"keys"`
			Unsigned bool     `json:"unsigned"`
		} `json:"rules"`
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, fmt.Errorf("image policy: %w: %v", lattice.ErrInvalid, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("image policy: %w: something follows it", lattice.ErrInvalid)
	}
	if len(in.Rules) == 0 || len(in.Rules) > maxRules {
		return nil, fmt.Errorf("image policy: %w: it has %d rules, want 1 to %d", lattice.ErrInvalid, len(in.Rules), maxRules)
	}
	p := &Policy{}
	for i, r := range in.Rules {
		fail := func(err error) (*Policy, error) {
			return nil, fmt.Errorf("image policy: rules[%d], %.200q: %w", i, r.Match, err)
		}
		switch {
		case r.Match == "":
			return fail(fmt.Errorf("%w: it matches nothing: give it a match", lattice.ErrInvalid))
		case r.Unsigned && len(r.Keys) > 0:
			return fail(fmt.Errorf("%w: it has keys, and allows what none of them has signed", lattice.ErrInvalid))
		case len(r.Keys) > maxKeys:
			return fail(fmt.Errorf("%w: %d keys are more than %d", lattice.ErrInvalid, len(r.Keys), maxKeys))
		}
		rule := Rule{Match: r.Match, Unsigned: r.Unsigned}
		for _, text := range r.Keys {
			k, err := ParseKey(text)
			if err != nil {
				return fail(err)
			}
			rule.Keys = append(rule.Keys, k)
		}
		p.Rules = append(p.Rules, rule)
	}
	return p, nil
}

// Key is a public key.
type Key struct{ public crypto.PublicKey }

// ParseKey reads a public key in PEM, as cosign writes it.
func ParseKey(text string) (Key, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || strings.TrimSpace(string(rest)) != "" {
		return Key{}, fmt.Errorf("key: %w: it is not one PEM block", lattice.ErrInvalid)
	}
	if block.Type != "PUBLIC KEY" {
		return Key{}, fmt.Errorf("key: %w: it is a %.80q, want a PUBLIC KEY", lattice.ErrInvalid, block.Type)
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("key: %w: %v", lattice.ErrInvalid, err)
	}
	switch k := k.(type) {
	case *ecdsa.PublicKey, ed25519.PublicKey:
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 || k.N.BitLen() > 8192 {
			return Key{}, fmt.Errorf("key: %w: RSA with %d bits, want 2048 to 8192", lattice.ErrInvalid, k.N.BitLen())
		}
	default:
		return Key{}, fmt.Errorf("key: %w: it is a %T, want ECDSA, Ed25519 or RSA", lattice.ErrInvalid, k)
	}
	return Key{k}, nil
}

// made reports whether the key made a signature of data. With curves that are longer than
// SHA-256, and with Ed25519, cosign's versions differ in what they hash, and how.
func (k Key) made(data, sig []byte) bool {
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(data)
		hashes := [][]byte{sum[:]}
		switch public.Curve {
		case elliptic.P384():
			long := sha512.Sum384(data)
			hashes = append(hashes, long[:])
		case elliptic.P521():
			long := sha512.Sum512(data)
			hashes = append(hashes, long[:])
		}
		return slices.ContainsFunc(hashes, func(h []byte) bool { return ecdsa.VerifyASN1(public, h, sig) })
	case ed25519.PublicKey:
		long := sha512.Sum512(data) // Ed25519ph (RFC 8032, section 5.1)
		return ed25519.Verify(public, data, sig) || ed25519.VerifyWithOptions(public, long[:], sig, &ed25519.Options{Hash: crypto.SHA512}) == nil
	case *rsa.PublicKey:
		sum := sha256.Sum256(data)
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], sig) == nil || rsa.VerifyPSS(public, crypto.SHA256, sum[:], sig, nil) == nil
	}
	return false
}

// matches reports whether a rule is about a reference.
func (r *Rule) matches(ref string) bool {
	if r.Match == "*" || r.Match == ref {
		return true
	}
	rest, ok := strings.CutPrefix(ref, strings.TrimSuffix(r.Match, "*"))
	return ok && (strings.HasSuffix(strings.TrimSuffix(r.Match, "*"), "/") || rest != "" && strings.ContainsRune("/:@", rune(rest[0])))
}

// File is what rules call binaries that come from no registry.
const File = "file"

// Allows says whether a binary may be run: nil, or why not. p is nil for one that comes
// from no registry.
func (pol *Policy) Allows(digest string, p *Provenance) error {
	if len(pol.Rules) == 0 {
		return nil
	}
	if p == nil {
		return pol.judge(File, func(*Rule) error {
			return fmt.Errorf("%w: the image policy wants a signature of what comes from no registry, which cannot have one: push it to a registry, and sign it there", lattice.ErrDenied)
		})
	}
	if err := p.Verify(digest); err != nil {
		return err
	}
	return pol.judge(p.Ref, p.signedBy)
}

// AllowsImage says whether an image may be used whose manifest p has: nil, or why not.
func (pol *Policy) AllowsImage(p *Provenance) error {
	if len(pol.Rules) == 0 {
		return nil
	}
	if err := p.pinned(); err != nil {
		return err
	}
	return pol.judge(p.Ref, p.signedBy)
}

// judge finds the rule for a reference. signed says whether a key of it has signed.
func (pol *Policy) judge(ref string, signed func(*Rule) error) error {
	for i := range pol.Rules {
		r := &pol.Rules[i]
		switch {
		case !r.matches(ref):
		case len(r.Keys) > 0:
			return signed(r)
		case r.Unsigned:
			return nil
		default:
			return fmt.Errorf("%w: the image policy refuses %q by its rule for %q", lattice.ErrDenied, ref, r.Match)
		}
	}
	return fmt.Errorf("%w: no rule of the image policy is about %q", lattice.ErrDenied, ref)
}

// Verify checks that the provenance is that of a binary: its reference has the digest of
// its manifest, and that has the binary as its layer.
func (p *Provenance) Verify(digest string) error {
	if err := p.pinned(); err != nil {
		return err
	}
	m, err := decodeManifest(p.Manifest)
	if err != nil {
		return err
	}
	layer, err := binary(m)
	if err != nil {
		return fmt.Errorf("image %q: %w", p.Ref, err)
	}
	if layer.Digest.String() != digest {
		return fmt.Errorf("image %q: %w: its binary is %s, not %s", p.Ref, lattice.ErrInvalid, layer.Digest, digest)
	}
	return nil
}

// pinned checks that the reference has the digest of the manifest.
func (p *Provenance) pinned() error {
	ref, err := ParseReference(p.Ref)
	if err != nil {
		return err
	}
	if got := p.digest(); got != ref.Digest {
		return fmt.Errorf("image %q: %w: its manifest has the digest %s", p.Ref, lattice.ErrInvalid, got)
	}
	return nil
}

// digest is that of the manifest.
func (p *Provenance) digest() string {
	sum := sha256.Sum256(p.Manifest)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// signedBy says whether one of a rule's keys has signed the manifest.
func (p *Provenance) signedBy(r *Rule) error {
	want := p.digest()
	var about error
	for i := range p.Signatures {
		s := &p.Signatures[i]
		for _, k := range r.Keys {
			if !k.made(s.signed(), s.Signature) {
				continue
			}
			switch subject, err := s.subject(); {
			case err != nil:
				about = err
			case subject != want:
				about = fmt.Errorf("%w: a signature by the right key is about %.100q", lattice.ErrDenied, subject)
			default:
				return nil
			}
		}
	}
	err := fmt.Errorf("%w: image %q has %d signatures, and none by a key of the image policy's rule for %q: sign it with cosign sign --key", lattice.ErrDenied, p.Ref, len(p.Signatures), r.Match)
	return errors.Join(err, about)
}
