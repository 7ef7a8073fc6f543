package oci

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/wattle-dev/wattle/lattice"
)

// MaxLayers bounds the layers of an image of files, MaxLayer each of them in bytes.
const (
	MaxLayers = 128
	MaxLayer  = 4 << 30
)

// Layers opens the layers of an image of files, lowest first, as they are in the
// registry: archives, compressed or not. Reading one to its end is an error if it is not
// what its digest says. policy is asked about the image before anything of it is read.
//
// Images are kept in dir, and are taken from there if the policy allows them as they were:
// then the registry is not asked. If dir is empty, or cannot be written to, they are not
// kept.
func (c *Client) Layers(ctx context.Context, ref Reference, policy *Policy, dir string) ([]io.ReadCloser, error) {
	if ref.Digest == "" {
		return nil, fmt.Errorf("image %q: %w: add the digest, @sha256:…: what a tag means can change", ref, lattice.ErrInvalid)
	}
	k := kept{dir}
	if dir != "" {
		// Whatever is wrong with what is there, the registry is asked.
		if layers, err := k.open(ref, policy); err == nil {
			return layers, nil
		}
	}
	var layers []io.ReadCloser
	err := c.each(ctx, ref, func(r *remote.Repository) error {
		d, data, err := manifest(ctx, r, ref.point())
		if err != nil {
			return err
		}
		all, err := layersOf(data)
		if err != nil {
			return err
		}
		p := &Provenance{Ref: ref.String(), Manifest: data}
		if len(policy.Rules) > 0 {
			if p.Signatures, err = signatures(ctx, r, d); err != nil {
				return fmt.Errorf("signatures: %w", err)
			}
		}
		if err := policy.AllowsImage(p); err != nil {
			return err
		}
		if dir != "" && k.add(ctx, r, p, ref, all) == nil {
			if layers, err = k.open(ref, policy); err == nil {
				return nil
			}
		}
		layers, err = open(ctx, r, all)
		return err
	})
	return layers, err
}

// layersOf returns the layers of the manifest of an image of files.
func layersOf(text []byte) ([]ocispec.Descriptor, error) {
	m, err := decodeManifest(text)
	if err != nil {
		return nil, fmt.Errorf("%w: of an image for several platforms name the digest of one", err)
	}
	if len(m.Layers) > MaxLayers {
		return nil, fmt.Errorf("%w: %d layers are more than %d", lattice.ErrInvalid, len(m.Layers), MaxLayers)
	}
	for _, d := range m.Layers {
		switch {
		case d.Digest.Validate() != nil || d.Digest.Algorithm() != digest.SHA256:
			return nil, fmt.Errorf("%w: a layer has the digest %.100q, want sha256", lattice.ErrInvalid, d.Digest)
		case d.Size < 0 || d.Size > MaxLayer:
			return nil, fmt.Errorf("%w: a layer of %d bytes, the limit is %d", lattice.ErrInvalid, d.Size, int64(MaxLayer))
		}
	}
	return m.Layers, nil
}

// open opens all layers, or none.
func open(ctx context.Context, r *remote.Repository, all []ocispec.Descriptor) (_ []io.ReadCloser, err error) {
	var layers []io.ReadCloser
	defer func() {
		if err != nil {
			for _, l := range layers {
				err = errors.Join(err, l.Close())
			}
		}
	}()
	for _, d := range all {
		body, err := r.Blobs().Fetch(ctx, d)
		if err != nil {
			return nil, err
		}
		layers = append(layers, &layer{content.NewVerifyReader(body, d), body})
	}
	return layers, nil
}

// layer is a layer whose end is an error if it is not what its digest says.
type layer struct {
	verified *content.VerifyReader
	io.Closer
}

// Read implements io.Reader.
func (l *layer) Read(p []byte) (int, error) {
	n, err := l.verified.Read(p)
	if errors.Is(err, io.EOF) {
		if bad := l.verified.Verify(); bad != nil {
			return n, fmt.Errorf("layer: %w: %v", lattice.ErrInvalid, bad)
		}
	}
	return n, err
}
