// Package witjson writes the model of WIT as JSON, in the shape that
// `wasm-tools component wit --json` established, so that tools which read that
// read this.
//
// The document is an object of four arrays. An item of one refers to an item of
// another by its index. Objects that stand for a scope ("types", "functions",
// "imports", …) have their members in the order of the source.
//
//	worlds      {name, imports, exports, package, docs?, stability?}
//	interfaces  {name, types, functions, docs?, stability?, package}
//	types       {name, kind, owner, docs?, stability?, external_id?}
//	packages    {name, docs?, interfaces, worlds}
//
// The parts of these:
//
//   - package: an index. name: a string, null for a type without a name and for
//     an interface that is written inside a world. The name of a package is
//     "wasi:io@0.2.12".
//   - docs: {contents}. stability: {stable: {since, deprecated?}} or {unstable:
//     {feature, deprecated?}}, as @since, @unstable and @deprecated say.
//   - The types of an interface, and the interfaces and worlds of a package:
//     names to indices. Functions: names, as components have them
//     ("[method]input-stream.read"), to {name, kind, params, result?, docs?,
//     stability?, external_id?}.
//   - The imports and exports of a world: {interface: {id, docs?, stability?,
//     external_id?}}, {function: a function} or {type: an index}. The key is the
//     plain name, or for an interface that goes by its own "interface-" and its
//     index.
//   - kind of a function: freestanding, async-freestanding, or {method: the index
//     of the resource}, likewise static, constructor, async-method and
//     async-static. params: [{name, type}].
//   - A type, where it is mentioned, is an index or one of the strings bool, u8 …
//     s64, f32, f64, char, string and error-context.
//   - owner: {interface: index} or {world: index} for a type with a name, else
//     null.
//   - kind of a type: resource, {handle: {own or borrow: index}}, {record:
//     {fields: [{name, type, docs?}]}}, {variant: {cases: [{name, type or null,
//     docs?}]}}, {enum: {cases: [{name, docs?}]}}, {flags: {flags: [{name,
//     docs?}]}}, {tuple: {types}}, {option: type}, {result: {ok, err}}, {list:
//     type}, {map: [key, value]}, {fixed-length-list: [type, length]}, {future:
//     type or null}, {stream: type or null}. {type: type} is another name for a
//     type; so is what a use statement brings, where the type is the one it
//     stands for in the interface it was used from.
//
// A type stands after those it mentions. The order of an array says nothing
// else; packages have the order in which they were given. Two types without a
// name that are equal and mention the same types are one item.
package witjson
