package oci

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/wattle-dev/wattle/lattice"
)

// Signature is a signature of a manifest, as cosign makes it. Nothing of it counts until
// a key has been found that made it.
type Signature struct {
	// Payload is what was signed: the JSON of "simple signing", or the payload of a DSSE
	// envelope if PayloadType is its type.
	Payload     []byte `json:"payload"`
	PayloadType string `json:"payload_type,omitempty"`
	Signature   []byte `json:"signature"`
}

// What cosign writes.
const (
	simpleType       = "application/vnd.dev.cosign.simplesigning.v1+json"
	simpleAnnotation = "dev.cosignproject.cosign/signature"
	bundlePrefix     = "application/vnd.dev.sigstore.bundle"
	inTotoType       = "application/vnd.in-toto+json"
)

// signatures reads the signatures that a registry has for a manifest: those that are
// tagged beside it, and those that refer to it.
func signatures(ctx context.Context, r *remote.Repository, of ocispec.Descriptor) ([]Signature, error) {
	tagged, err := taggedSignatures(ctx, r, of)
	if err != nil {
		return nil, err
	}
	bundled, err := bundledSignatures(ctx, r, of, MaxSignatures-len(tagged))
	return append(tagged, bundled...), err
}

// taggedSignatures reads those of the tag sha256-DIGEST.sig (cosign's SIGNATURE_SPEC,
// "Storage").
func taggedSignatures(ctx context.Context, r *remote.Repository, of ocispec.Descriptor) ([]Signature, error) {
	_, data, err := manifest(ctx, r, strings.Replace(of.Digest.String(), ":", "-", 1)+".sig")
	if errors.Is(err, errdef.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := decodeManifest(data)
	if err != nil {
		return nil, err
	}
	var all []Signature
	for _, l := range m.Layers {
		encoded := l.Annotations[simpleAnnotation]
		if l.MediaType != simpleType || encoded == "" {
			continue
		}
		if len(all) == MaxSignatures {
			break
		}
		sig, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			continue // of no use, and the others may be
		}
		payload, err := blob(ctx, r, l, MaxPayload)
		if err != nil {
			return nil, err
		}
		all = append(all, Signature{Payload: payload, Signature: sig})
	}
	return all, nil
}

// bundledSignatures reads those of the referrers that are Sigstore bundles. What type a
// referrer is said to have is not relied on: registries differ in that.
func bundledSignatures(ctx context.Context, r *remote.Repository, of ocispec.Descriptor, most int) ([]Signature, error) {
	var found []ocispec.Descriptor
	err := r.Referrers(ctx, of, "", func(page []ocispec.Descriptor) error {
		found = append(found, page[:min(len(page), most-len(found))]...)
		return nil
	})
	if err != nil && !errors.Is(err, errdef.ErrNotFound) {
		return nil, err
	}
	var all []Signature
	for _, d := range found {
		_, data, err := manifest(ctx, r, d.Digest.String())
		if err != nil {
			return nil, err
		}
		m, err := decodeManifest(data)
		if err != nil {
			continue // an index, say
		}
		for _, l := range m.Layers {
			if !strings.HasPrefix(l.MediaType, bundlePrefix) || len(all) >= most {
				continue
			}
			text, err := blob(ctx, r, l, MaxPayload)
			if err != nil {
				return nil, err
			}
			all = append(all, envelope(text)...)
		}
	}
	return all, nil
}

// envelope returns the signatures of the DSSE envelope of a bundle. One that has none is
// of another kind.
func envelope(bundle []byte) []Signature {
	var b struct {
		Envelope struct {
			Payload     []byte `json:"payload"`
			PayloadType string `json:"payloadType"`
			Signatures  []struct {
				Sig []byte `json:"sig"`
			} `json:"signatures"`
		} `json:"dsseEnvelope"`
	}
	if json.Unmarshal(bundle, &b) != nil || b.Envelope.PayloadType == "" {
		return nil
	}
	var all []Signature
	for _, s := range b.Envelope.Signatures {
		if len(all) < MaxSignatures {
			all = append(all, Signature{Payload: b.Envelope.Payload, PayloadType: b.Envelope.PayloadType, Signature: s.Sig})
		}
	}
	return all
}

// signed returns the bytes that a signature is of: the payload, or what DSSE makes of it
// (DSSE, "Pre-Authentication Encoding").
func (s *Signature) signed() []byte {
	if s.PayloadType == "" {
		return s.Payload
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "DSSEv1 %d %s %d ", len(s.PayloadType), s.PayloadType, len(s.Payload))
	b.Write(s.Payload)
	return b.Bytes()
}

// subject returns the digest that a signature is about.
func (s *Signature) subject() (string, error) {
	if s.PayloadType == "" {
		var p struct {
			Critical struct {
				Image struct {
					Digest string `json:"docker-manifest-digest"`
				} `json:"image"`
				Type string `json:"type"`
			} `json:"critical"`
		}
		if err := json.Unmarshal(s.Payload, &p); err != nil {
			return "", fmt.Errorf("payload: %w: %v", lattice.ErrInvalid, err)
		}
		if t := p.Critical.Type; t != "cosign container image signature" && t != "atomic container signature" {
			return "", fmt.Errorf("payload: %w: it is of the type %.80q", lattice.ErrInvalid, t)
		}
		return p.Critical.Image.Digest, nil
	}
	if s.PayloadType != inTotoType {
		return "", fmt.Errorf("payload: %w: it is of the type %.80q, want %s", lattice.ErrInvalid, s.PayloadType, inTotoType)
	}
	var st struct {
		Subject []struct {
			Digest struct {
				SHA256 string `json:"sha256"`
			} `json:"digest"`
		} `json:"subject"`
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(s.Payload, &st); err != nil {
		return "", fmt.Errorf("payload: %w: %v", lattice.ErrInvalid, err)
	}
	// An attestation says something about an image, which need not be good.
	if st.PredicateType != "https://sigstore.dev/cosign/sign/v1" || len(st.Subject) != 1 {
		return "", fmt.Errorf("payload: %w: it is an attestation of the type %.100q, and not a signature", lattice.ErrInvalid, st.PredicateType)
	}
	return "sha256:" + st.Subject[0].Digest.SHA256, nil
}
