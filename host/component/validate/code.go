package validate

// Code is a rule that a component breaks. Codes are stable: programs may compare
// them, and later versions of this package keep them.
//
// The comment on each code gives examples in the text format, all of which a
// test validates: the body of a component, from whose binary form, in testdata,
// Component must refuse with exactly this code.
type Code string

// The codes of index spaces and aliases.
const (
	// CodeIndex: an index refers to nothing that was defined before it.
	//
	// Example: (type (list 0))
	// Example: (export "a" (core module 0))
	// Example: (core instance (export "a" (memory 0)))
	// Example: (alias outer 0 0 (core type))
	CodeIndex Code = "index"

	// CodeSort: something is of another sort than is needed: it cannot be passed
	// in this place, or an instance exports another sort under that name.
	//
	// Example: (import "i" (instance $i (export "f" (func)))) (alias export $i "f" (instance))
	// Example: (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (alias core export $i "f" (core memory))
	CodeSort Code = "sort"

	// CodeNoExport: an alias refers to an export that the instance does not have.
	//
	// Example: (import "i" (instance $i)) (alias export $i "f" (func))
	// Example: (core module $m) (core instance $i (instantiate $m)) (alias core export $i "f" (core func))
	CodeNoExport Code = "no-export"

	// CodeOuterCount: an outer alias reaches beyond the component.
	//
	// Example: (alias outer 1 0 (type))
	// Example: (type (component (alias outer 2 0 (core type))))
	CodeOuterCount Code = "outer-count"

	// CodeAliasSort: an alias in the type of a component or instance refers to
	// something else than a type or an instance.
	//
	// Example: (component $c) (type (component (alias outer 1 0 (component))))
	// Example: (type (component (import "i" (instance $i (export "f" (func)))) (alias export $i "f" (func))))
	CodeAliasSort Code = "alias-sort"

	// CodeAliasResource: a component uses a type of the component around it
	// that refers to a resource.
	//
	// Example: (type (resource (rep i32))) (component (alias outer 1 0 (type)))
	// Example: (import "r" (type $r (sub resource))) (type (func (param "a" (own $r)))) (component (alias outer 1 2 (type)))
	CodeAliasResource Code = "alias-resource"
)

// The codes of names.
const (
	// CodeName: the name of an import or export is neither a plain name nor the
	// name of an interface.
	//
	// Example: (import "aBc" (func))
	// Example: (import "[method]a" (func))
	// Example: (import "[static]a.b-" (func))
	// Example: (import "[constructor]" (func))
	// Example: (import "a:b/c@1" (func))
	// Example: (import "a:b" (func))
	// Example: (instance $i) (instance (export "" (instance $i)))
	CodeName Code = "name"

	// CodeLabel: a field, case, label or parameter is not in kebab case.
	//
	// Example: (type (record (field "a_b" u8)))
	// Example: (type (enum "1"))
	// Example: (type (func (param "" u8)))
	CodeLabel Code = "label"

	// CodeDuplicateName: two names in one place are not strongly-unique.
	//
	// Example: (import "a" (func)) (import "A" (func))
	// Example: (import "a" (type $a (sub resource))) (import "[method]a.a" (func (param "self" (borrow $a))))
	// Example: (type (record (field "a-b" u8) (field "A-b" u8)))
	// Example: (type (instance (export "a:b/c" (func)) (export "a:b/C" (func))))
	CodeDuplicateName Code = "duplicate-name"

	// CodeAnnotatedName: the type of something is not what the annotation of its
	// name demands: [constructor], [method] or [static].
	//
	// Example: (import "[method]a.b" (instance))
	// Example: (import "[static]a.b" (func))
	// Example: (import "a" (type (sub resource))) (import "[constructor]a" (func (result u32)))
	// Example: (import "a" (type $a (sub resource))) (import "[method]a.b" (func (param "this" (borrow $a))))
	// Example: (import "b" (type $b (sub resource))) (import "[method]a.b" (func (param "self" (borrow $b))))
	CodeAnnotatedName Code = "annotated-name"

	// CodeAttribute: an attribute of a name is malformed, or cannot stand there.
	//
	// Example: (import "a" (implements "b") (instance))
	// Example: (import "a" (implements "a:b/c") (func))
	// Example: (import "a:b/c" (implements "a:b/c") (instance))
	CodeAttribute Code = "attribute"

	// CodeUnnamedType: an import or export uses a type that needs a name, but
	// has none that can be seen from outside.
	//
	// Example: (type $r (record (field "x" u32))) (import "f" (func (param "r" $r)))
	// Example: (type $r (enum "x")) (type $l (list $r)) (export "l" (type $l))
	// Example: (type $r (resource (rep i32))) (export $s "r" (type $r)) (import "f" (func (param "r" (own $s))))
	// Example: (type (component (type $r (flags "x")) (export "f" (func (param "r" $r)))))
	CodeUnnamedType Code = "unnamed-type"

	// CodeHiddenResource: a component, in the type of another one, imports or
	// exports a resource of its own under no name.
	//
	// Example: (type $r (resource (rep i32))) (type $c (component (export "r" (type (eq $r))))) (import "c" (component (type $c)))
	// Example: (type $r (resource (rep i32))) (component $e) (export "c" (component $e) (component (import "r" (type (eq $r)))))
	CodeHiddenResource Code = "hidden-resource"
)

// The codes of types.
const (
	// CodeTypeKind: an index refers to a type of another kind than is needed.
	//
	// Example: (type $f (func)) (type (list $f))
	// Example: (type $t u8) (type (own $t))
	// Example: (type $t u8) (import "f" (func (type $t)))
	// Example: (core type $f (func)) (import "m" (core module (type $f)))
	// Example: (core type $m (module)) (core type (module (alias outer 1 $m (type))))
	// Example: (type $f (future)) (core func (canon stream.new $f))
	CodeTypeKind Code = "type-kind"

	// CodeEmptyType: a record, variant, enum, tuple or flags type, or a list of
	// fixed length, has nothing inside.
	//
	// Example: (type (record))
	// Example: (type (variant))
	// Example: (type (enum))
	// Example: (type (tuple))
	// Example: (type (flags))
	// Example: (type (list u8 0))
	CodeEmptyType Code = "empty-type"

	// CodeFlags: flags have more than 32 labels.
	//
	// Example: (type (flags "a0" "a1" "a2" "a3" "a4" "a5" "a6" "a7" "a8" "a9" "b0" "b1" "b2" "b3" "b4" "b5" "b6" "b7" "b8" "b9" "c0" "c1" "c2" "c3" "c4" "c5" "c6" "c7" "c8" "c9" "d0" "d1" "d2"))
	CodeFlags Code = "too-many-flags"

	// CodeMapKey: the type cannot be the key of a map.
	//
	// Example: (type (map f32 u8))
	CodeMapKey Code = "map-key"

	// CodeElement: a stream or future cannot carry the type.
	//
	// Example: (type (stream char))
	// Example: (import "r" (type $r (sub resource))) (type (future (option (borrow $r))))
	CodeElement Code = "element"

	// CodeBorrowResult: the result of a function contains a borrow.
	//
	// Example: (import "r" (type $r (sub resource))) (type (func (result (list (borrow $r)))))
	CodeBorrowResult Code = "borrow-result"

	// CodeValueSize: a value of the type would take 2^28 bytes or more.
	//
	// Example: (type (list u64 33554432))
	// Example: (type (tuple (list u8 134217728) (list u8 134217728)))
	CodeValueSize Code = "value-size"

	// CodeResourceInType: the type of a component or instance defines a resource
	// type.
	//
	// Example: (type (instance (type (resource (rep i32)))))
	CodeResourceInType Code = "resource-in-type"

	// CodeResourceRep: the representation of a resource type is not i32.
	//
	// Example: (type (resource (rep i64)))
	CodeResourceRep Code = "resource-rep"
)

// The codes of core modules and their types.
const (
	// CodeDuplicateCoreName: a core module, module type or core instance has two
	// imports, or two exports, of the same name.
	//
	// Example: (core module (import "a" "b" (func)) (import "a" "b" (func)))
	// Example: (core type (module (export "a" (func)) (export "a" (func))))
	// Example: (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (core instance (export "a" (func $i "f")) (export "a" (func $i "f")))
	CodeDuplicateCoreName Code = "duplicate-core-name"

	// CodeCoreType: a type in a module type is not valid.
	//
	// Example: (core type (module (import "a" "b" (memory 65537))))
	// Example: (core type (module (import "a" "b" (table 2 1 funcref))))
	CodeCoreType Code = "core-type"
)

// The codes of instantiation and of exports with a type.
const (
	// CodeMissingArgument: an import has no argument.
	//
	// Example: (component $c (import "f" (func))) (instance (instantiate $c))
	// Example: (core module $m (import "a" "b" (func))) (core instance (instantiate $m))
	// Example: (core module $m (import "a" "b" (func))) (core module $n) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i))))
	CodeMissingArgument Code = "missing-argument"

	// CodeDuplicateArgument: two arguments have the same name.
	//
	// Example: (component $c) (instance (instantiate $c (with "a" (component $c)) (with "a" (component $c))))
	// Example: (core module $m) (core instance $i (instantiate $m)) (core instance (instantiate $m (with "a" (instance $i)) (with "a" (instance $i))))
	CodeDuplicateArgument Code = "duplicate-argument"

	// CodeMismatch: an argument is not of the type of the import, or an export
	// not of the type given to it.
	//
	// Example: (component $c (import "f" (func))) (import "f" (func $f (param "a" u8))) (instance (instantiate $c (with "f" (func $f))))
	// Example: (component $c (import "a" (type $a (sub resource))) (import "b" (type (eq $a)))) (type $r (resource (rep i32))) (type $s (resource (rep i32))) (instance (instantiate $c (with "a" (type $r)) (with "b" (type $s))))
	// Example: (import "i" (instance $i)) (export "j" (instance $i) (instance (export "f" (func))))
	// Example: (component $c (import "m" (core module))) (core module $m (import "a" "b" (func))) (instance (instantiate $c (with "m" (core module $m))))
	CodeMismatch Code = "type-mismatch"

	// CodeCoreMismatch: what a core module, or a canonical definition, gets is
	// not of the type that it needs.
	//
	// Example: (core module $m (import "a" "b" (memory 2))) (core module $n (memory (export "b") 1)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i))))
	// Example: (core module $m (memory (export "m") i64 1)) (core instance $i (instantiate $m)) (core func (canon waitable-set.wait (memory (core memory $i "m"))))
	CodeCoreMismatch Code = "core-mismatch"
)

// The codes of canonical definitions.
const (
	// CodeCanonOption: a canonical option cannot stand there, or not without
	// another one, or not together with it.
	//
	// Example: (import "f" (func $f)) (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (core func (canon lower (func $f) (post-return (core func $i "f"))))
	// Example: (import "f" (func $f)) (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (core func (canon lower (func $f) (realloc (core func $i "f"))))
	CodeCanonOption Code = "canon-option"

	// CodeOptionRequired: the types need a canonical option that is absent.
	//
	// Example: (import "f" (func $f (param "s" string))) (core func (canon lower (func $f)))
	// Example: (core module $m (memory (export "m") 1) (func (export "f") (param i32 i32))) (core instance $i (instantiate $m)) (func (param "s" string) (canon lift (core func $i "f") (memory (core memory $i "m"))))
	// Example: (type $s (stream u8)) (core func (canon stream.read $s async))
	CodeOptionRequired Code = "option-required"

	// CodeCoreSignature: a core function has another type than the canonical
	// definition, or the destructor, needs.
	//
	// Example: (core module $m (func (export "f") (param i64))) (core instance $i (instantiate $m)) (func (param "a" u32) (canon lift (core func $i "f")))
	// Example: (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (type (resource (rep i32) (dtor (core func $i "f"))))
	CodeCoreSignature Code = "core-signature"

	// CodeSyncType: the option async stands with a function type that is not
	// async.
	//
	// Example: (import "f" (func $f)) (core func (canon lower (func $f) async))
	CodeSyncType Code = "sync-type"

	// CodeForeignResource: resource.new or resource.rep of a resource that the
	// component does not define itself.
	//
	// Example: (import "r" (type $r (sub resource))) (core func (canon resource.new $r))
	CodeForeignResource Code = "foreign-resource"

	// CodeContext: context.get or context.set of a slot or type that is not
	// there.
	//
	// Example: (core func (canon context.get i32 2))
	// Example: (core func (canon context.set i64 0))
	CodeContext Code = "context-slot"
)

// The codes of what is not accepted although it may be right.
const (
	// CodeFeature: a feature is not enabled, or not supported. After the word
	// without, an example names a feature to do without.
	//
	// Example: without Maps (type (map u8 u8))
	// Example: without Async (type (stream))
	// Example: without Async (type (func async))
	// Example: without FixedLists (type (list u8 2))
	// Example: without ErrorContext (type error-context)
	// Example: without Attributes (import "a" (external-id "b") (func))
	// Example: without Threads (core func (canon thread.index))
	// Example: without AsyncBuiltins (core func (canon subtask.cancel async))
	// Example: without StackfulLift (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (func async (canon lift (core func $i "f") async))
	// Example: (core type $f (sub (func))) (core type (module (alias outer 1 $f (type)) (import "a" "b" (func (type 0)))))
	CodeFeature Code = "feature"

	// CodeValues: the component uses values, or a start function.
	//
	// Example: (import "f" (func $f)) (start $f)
	CodeValues Code = "values"

	// CodeTooComplex: types are too large or too deep to be worth the work.
	// After MaxWork=, an example sets that option.
	//
	// Example: MaxWork=1 (import "a" (func (param "a" u8)))
	CodeTooComplex Code = "too-complex"
)
