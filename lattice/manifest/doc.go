// Package manifest reads the manifests of applications: wadm's Application of the
// Open Application Model, apiVersion core.oam.dev/v1beta1, in YAML or JSON.
//
// # What is accepted
//
// [Parse] accepts what wadm 0.21.1 accepts and stores, with its shapes, aliases and
// legacy forms, and gives it the same meaning: the same IDs, the same names of
// configurations. A trait has the shape of a link or of a scaler by its properties and
// not by its type, as in wadm. Keys that wadm tolerates and forgets (in metadata, spec,
// a component, a policy, a link, a secret) are warnings.
//
// What wadm accepts and could never work, or would work by chance, is an error:
// an apiVersion or kind of something else; a key that is there twice; a merge key, which
// wadm takes for a key named "<<"; names and IDs that cannot be part of a subject;
// two components that end up with one ID; two configurations of one name with different
// values; a trait of type link or of a scaler with the properties of the other; an
// interface with a version; links between components in a circle; lists where a map is
// meant; names that cannot be printed; numbers and texts beyond the bounds of
// lattice/wire.
//
// What no host would grant is in order all the same, so that it can be stored as wadm
// stores it, and is told by [Manifest.Refused]: links to capabilities (package
// lattice/capability) for interfaces that they do not serve, configurations that they do
// not take, capabilities that there are not, and secrets of other backends than "wattle".
// [Manifest.CheckImports] says, of binaries that are at hand, what they import and are not
// linked to.
//
// # Wattle's own traits
//
// Traits whose types end in .wattle.dev say what OAM has no word for: placement,
// resources, limits, rollout, routes, probe, preinit and mcp. Each has one required key of
// its own, so that wadm, which tries the shapes of links and scalers first, keeps it
// as a custom trait and ignores it. In them every unknown key is an error. Traits of
// other types are ignored with a warning.
//
// # Errors
//
// All errors are found at once: each is a [FieldError] with line, column and path, and
// where one can be named a fix. A part that cannot be read is left out of the checks
// that follow.
//
// # Bounds
//
// A text has at most [MaxBytes]. Aliases are expanded up to maxValues values and
// maxExpanded bytes; nothing lies deeper than maxDepth. At most maxErrors errors are
// told.
//
// The package is pure. It reads the tree of package yaml, or the tokens of JSON, into
// its own tree with positions, and that into the types here.
package manifest
