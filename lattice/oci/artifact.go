package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/wattle-dev/wattle/lattice"
)

// Artifact is a component in a registry.
type Artifact struct {
	// Provenance is where it comes from. Its reference is pinned.
	Provenance
	// Digest and Size are those of the binary.
	Digest string
	Size   int64
	// Annotations are those of the manifest.
	Annotations map[string]string
}

// Resolve finds a component in its registry, with its signatures.
func (c *Client) Resolve(ctx context.Context, ref Reference) (*Artifact, error) {
	var a *Artifact
	err := c.each(ctx, ref, func(r *remote.Repository) (err error) {
		a, err = resolve(ctx, r, ref)
		return err
	})
	return a, err
}

func resolve(ctx context.Context, r *remote.Repository, ref Reference) (*Artifact, error) {
	d, data, err := manifest(ctx, r, ref.point())
	if err != nil {
		return nil, err
	}
	if ref.Digest != "" && d.Digest.String() != ref.Digest {
		return nil, fmt.Errorf("manifest: %w: its digest is %s, not %s", lattice.ErrInvalid, d.Digest, ref.Digest)
	}
	m, err := decodeManifest(data)
	if err != nil {
		return nil, err
	}
	layer, err := binary(m)
	if err != nil {
		return nil, err
	}
	ref.Digest = digest.FromBytes(data).String()
	a := &Artifact{Digest: layer.Digest.String(), Size: layer.Size, Annotations: m.Annotations}
	a.Ref, a.Manifest = ref.String(), data
	if a.Signatures, err = signatures(ctx, r, d); err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	return a, nil
}

// Fetch finds a component and reads its binary.
func (c *Client) Fetch(ctx context.Context, ref Reference) (*Artifact, []byte, error) {
	var a *Artifact
	var wasm []byte
	err := c.each(ctx, ref, func(r *remote.Repository) (err error) {
		if a, err = resolve(ctx, r, ref); err != nil {
			return err
		}
		wasm, err = blob(ctx, r, ocispec.Descriptor{MediaType: layerType, Digest: digest.Digest(a.Digest), Size: a.Size}, MaxBinary)
		if err != nil {
			return fmt.Errorf("binary: %w", err)
		}
		return nil
	})
	return a, wasm, err
}

// About is what an artifact says of itself.
type About struct {
	// Imports and Exports are the interfaces of the component.
	Imports, Exports []string
	// Annotations are added to the manifest: those of image-spec, for instance.
	Annotations map[string]string
	// Created is when it was made. If zero, nothing is said, and the same binary is the
	// same artifact.
	Created time.Time
}

// Push stores a component under a tag.
func (c *Client) Push(ctx context.Context, ref Reference, wasm []byte, about *About) (*Artifact, error) {
	switch {
	case ref.Tag == "":
		return nil, fmt.Errorf("image %q: %w: say a tag to push it under", ref, lattice.ErrInvalid)
	case ref.Digest != "":
		return nil, fmt.Errorf("image %q: %w: a digest cannot be chosen: leave it out", ref, lattice.ErrInvalid)
	case len(wasm) == 0 || len(wasm) > MaxBinary:
		return nil, fmt.Errorf("image %q: %w: %d bytes, want 1 to %d", ref, lattice.ErrInvalid, len(wasm), MaxBinary)
	}
	layer := ocispec.Descriptor{MediaType: layerType, Digest: digest.FromBytes(wasm), Size: int64(len(wasm))}
	conf := config{Architecture: "wasm", OS: "wasip2", LayerDigests: []string{layer.Digest.String()}}
	conf.Component = &componentInfo{Exports: append([]string{}, about.Exports...), Imports: append([]string{}, about.Imports...)}
	m := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, Layers: []ocispec.Descriptor{layer}, Annotations: about.Annotations}
	if !about.Created.IsZero() {
		conf.Created = about.Created.UTC().Format(time.RFC3339)
	}
	confText, err := json.Marshal(conf)
	if err != nil {
		return nil, err
	}
	m.Config = ocispec.Descriptor{MediaType: configType, Digest: digest.FromBytes(confText), Size: int64(len(confText))}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	a := &Artifact{Digest: layer.Digest.String(), Size: layer.Size, Annotations: m.Annotations}
	err = c.push(ctx, ref, []pushed{{layer, wasm}, {m.Config, confText}}, text)
	if err != nil {
		return nil, err
	}
	ref.Digest = digest.FromBytes(text).String()
	a.Ref, a.Manifest = ref.String(), text
	return a, nil
}

type pushed struct {
	descriptor ocispec.Descriptor
	data       []byte
}

// push stores blobs, and then the manifest that names them. Mirrors are not pushed to.
func (c *Client) push(ctx context.Context, ref Reference, blobs []pushed, text []byte) error {
	places, err := c.places(ref)
	if err != nil {
		return err
	}
	at := places[len(places)-1]
	r, err := c.repository(at)
	if err != nil {
		return err
	}
	for _, b := range blobs {
		if err := pushBlob(ctx, r, b); err != nil {
			return fmt.Errorf("image %q: %w", ref, explain(at.name, err))
		}
	}
	d := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(text), Size: int64(len(text))}
	if err := r.PushReference(ctx, d, bytes.NewReader(text), ref.Tag); err != nil {
		return fmt.Errorf("image %q: %w", ref, explain(at.name, err))
	}
	return nil
}

// pushBlob stores a blob that is not there yet.
func pushBlob(ctx context.Context, r *remote.Repository, b pushed) error {
	if there, err := r.Blobs().Exists(ctx, b.descriptor); err == nil && there {
		return nil
	}
	return r.Blobs().Push(ctx, b.descriptor, bytes.NewReader(b.data))
}
