package oci

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wattle-dev/wattle/lattice"
)

// Limits of what is read.
const (
	MaxManifest   = 1 << 20
	MaxBinary     = 256 << 20
	MaxPayload    = 256 << 10
	MaxSignatures = 64
)

// The media types of what is pushed.
const (
	configType = "application/vnd.wasm.config.v0+json"
	layerType  = "application/wasm"
)

// dockerManifest is the media type of the manifest of an image as Docker writes it (Image
// Manifest Version 2, Schema 2), which has the same form.
const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"

// LayerTypes are the media types of layers that are binaries: the layout's own, and
// those of wash and of wasm-to-oci before there was one.
func LayerTypes() []string {
	return []string{
		layerType,
		"application/vnd.module.wasm.content.layer.v1+wasm",
		"application/vnd.wasm.content.layer.v1+wasm",
	}
}

// config is the config of an artifact (Wasm OCI Artifact layout, "Config format").
type config struct {
	Created      string         `json:"created,omitempty"`
	Architecture string         `json:"architecture"`
	OS           string         `json:"os"`
	LayerDigests []string       `json:"layerDigests"`
	Component    *componentInfo `json:"component,omitempty"`
}

type componentInfo struct {
	Exports []string `json:"exports"`
	Imports []string `json:"imports"`
}

// decodeManifest reads the manifest of an image.
func decodeManifest(data []byte) (*ocispec.Manifest, error) {
	if len(data) > MaxManifest {
		return nil, fmt.Errorf("manifest: %w: %d bytes are more than %d", lattice.ErrInvalid, len(data), MaxManifest)
	}
	var m ocispec.Manifest
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("manifest: %w: %v", lattice.ErrInvalid, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("manifest: %w: something follows it", lattice.ErrInvalid)
	}
	if m.MediaType != "" && m.MediaType != ocispec.MediaTypeImageManifest && m.MediaType != dockerManifest {
		return nil, fmt.Errorf("manifest: %w: it is of the type %.100q, not of an image", lattice.ErrInvalid, m.MediaType)
	}
	return &m, nil
}

// binary returns the layer that is a component's binary.
func binary(m *ocispec.Manifest) (ocispec.Descriptor, error) {
	var types []string
	for _, l := range m.Layers {
		types = append(types, l.MediaType)
	}
	switch {
	case len(m.Layers) != 1:
		return ocispec.Descriptor{}, fmt.Errorf("%w: it has %d layers, want one with a WebAssembly binary", lattice.ErrInvalid, len(m.Layers))
	case !slices.Contains(LayerTypes(), types[0]):
		return ocispec.Descriptor{}, fmt.Errorf("%w: its layer is of the type %.100q, not a WebAssembly binary (%s)", lattice.ErrInvalid, types[0], layerType)
	}
	l := m.Layers[0]
	switch {
	case l.Digest.Validate() != nil || l.Digest.Algorithm() != digest.SHA256:
		return l, fmt.Errorf("%w: its layer has the digest %.100q, want sha256", lattice.ErrInvalid, l.Digest)
	case l.Size <= 0 || l.Size > MaxBinary:
		return l, fmt.Errorf("%w: its layer has %d bytes, want 1 to %d", lattice.ErrInvalid, l.Size, MaxBinary)
	}
	return l, nil
}
