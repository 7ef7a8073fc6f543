// Package capability knows what hosts can grant to components, and how it is
// configured. It is pure: who deploys, who checks a manifest offline and the host that
// grants it in the end read the same configuration in the same way.
//
// # Kinds
//
// A capability is of a [Kind], and its address is "wattle://" and the kind's name. A
// kind serves interfaces of WIT to the components that are linked to it, or calls
// interfaces of components that it is linked to. Manifests for wasmCloud name images
// instead, which stand for the kinds of the same purpose; see [ForImage].
//
// # Configuration
//
// A configuration is flat: texts by keys. What is not known is refused, and all that is
// wrong is said at once ([*Error]). Times and sizes have units. A text may ask for a
// secret, where the key says that it may: ${secret:NAME}. What such a [Text] stands for
// is known to the host alone.
//
// # Inert interfaces
//
// Some interfaces grant nothing by themselves and are served without a link: see
// [Inert].
package capability
