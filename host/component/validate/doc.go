// Package validate checks the static semantics of components: all that the
// Component Model demands of a component beyond what its binary format does
// (Explainer.md and Binary.md, "validation"; CanonicalABI.md, "Canonical
// Definitions"). What has passed can be linked by looking at concrete types
// alone.
//
// # What it does
//
// [Component] takes the syntax tree of host/component/binary and walks its
// definitions once, in order. Each definition is checked against those before it
// and adds to the index spaces of its scope: a component, component type or
// instance type. The first fault ends the walk; it is an [*Error] with a [Code],
// which is stable, and an offset.
//
// Core modules are seen through their imports and exports. Their code is the
// business of the engine that runs it.
//
// # Types
//
// Three notions of sameness meet in a type, and each has its own pointer.
//
//   - Structure. Two value types of equal structure, resources aside, have the
//     same shape, which is interned. Their layout, flattening and limits belong
//     to it, and a type without handles is compared by it alone.
//   - Identity of resources. A resource is equal to itself only. The definition
//     of a resource type makes one, so does an import or export that says only
//     "sub resource", and so does each instantiation for each resource that the
//     component exports as its own: types are generative.
//   - Visibility. What an import or export uses must have a name that can be
//     seen from outside. A name is an entry of the type index space that an
//     import or export made: a pointer to a type of its own, whatever it is
//     equal to. The sets of a scope hold these pointers.
//
// The type of a component binds resources: those it imports, for all values of
// which it is valid, and those it exports, of which others know only that they
// exist. An instance type binds those it exports. Binding is opened in three
// places. Importing or exporting an instance replaces what its type binds by new
// resources of the scope. Instantiation finds what the component imports among
// the arguments, by name, and puts it in place of the import everywhere in the
// exports. Comparing two types does the same with variables instead of copies.
//
// # Hostile input
//
// The input is hostile. A few bytes can describe a type whose tree is
// astronomically large, so that every step that walks, compares or copies types
// is paid for out of [Options.MaxWork], and a component that needs more is
// refused. Value types are limited by the limits of package wit; instance and
// component types nest to a depth of 100. Memory is proportional to the work.
//
// # What it refuses without need
//
// Values and start functions, nested namespaces, 64-bit memories, threads with
// shared memory, and core function types with subtypes are refused although a
// later version of the Component Model may have them. The other gated features
// are chosen by [Options.Features].
package validate
