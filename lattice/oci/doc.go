// Package oci takes components from OCI registries, and gives them to registries.
//
// # Artifacts
//
// A component is an OCI artifact of one layer, its binary. What is pushed has the form
// of the CNCF's "Wasm OCI Artifact layout": a config of the type
// application/vnd.wasm.config.v0+json and a layer of the type application/wasm, which
// wkg and wash read. What is pulled may also have the older types of wash and Spin; see
// [LayerTypes].
//
// # References
//
// A reference names a registry, a repository, and a tag or digest or both:
// "registry.example.com/team/tool:1.0@sha256:…". With both the digest counts. The
// registry cannot be left out: which one would be meant depends on who reads it.
//
// # Provenance
//
// What is fetched has a [Provenance]: the reference, the manifest byte for byte, and the
// signatures that the registry had for it. It is kept beside the binary in the
// lattice, and whoever runs the binary checks it again by itself ([Provenance.Verify]):
// that the manifest has the binary as its layer, and that a key which a [Policy] names
// signed the manifest. Hosts need neither a registry nor credentials for that.
//
// # Signatures
//
// They are those of cosign, made with a key: the payloads of "simple signing" that are
// tagged beside the image, and Sigstore bundles with a DSSE envelope that refer to it.
// Keys are ECDSA (P-256, P-384, P-521), Ed25519 or RSA. Certificates and transparency logs are
// not looked at: a signature counts if one of the keys that the policy has made it.
//
// # Images of files
//
// The layers of an image of files are given to hosts as archives ([Client.Layers]), by its
// digest. A host keeps them in a directory, up to [MaxKept] bytes, with the manifest and its
// signatures: it asks the registry once, and needs it no more to start again or to be given
// another configuration.
//
// # Limits
//
// A manifest has at most [MaxManifest] bytes, a binary [MaxBinary], a payload
// [MaxPayload]; at most [MaxSignatures] signatures are looked at. Digests are checked
// of all that is read.
package oci
