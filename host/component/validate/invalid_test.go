package validate_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component/validate"
)

// invalid are components that break one rule each, with the code and a part of
// the message: what is said matters where types are compared, since a person
// has to find the difference.
var invalid = []struct {
	text string
	code validate.Code
	msg  string
}{
	// Arguments of components.
	{
		`(component $c (import "f" (func))) (instance (instantiate $c (with "f" (component $c))))`,
		validate.CodeMismatch, `argument "f": expected a function, found a component`,
	},
	{
		`(component $c (import "i" (instance (export "f" (func))))) (import "i" (instance $i (export "f" (component)))) (instance (instantiate $c (with "i" (instance $i))))`,
		validate.CodeMismatch, `argument "i": export "f": expected a function, found a component`,
	},
	{
		`(component $c (import "t" (type (sub resource)))) (type $t u8) (instance (instantiate $c (with "t" (type $t))))`,
		validate.CodeMismatch, `argument "t": expected a resource, found a value (u8)`,
	},
	{
		`(component $c (import "f" (func))) (import "f" (func $f async)) (instance (instantiate $c (with "f" (func $f))))`,
		validate.CodeMismatch, `argument "f": one function is async, the other is not`,
	},
	{
		`(component $c (import "f" (func (param "a" u8)))) (import "f" (func $f (param "b" u8))) (instance (instantiate $c (with "f" (func $f))))`,
		validate.CodeMismatch, `expected a parameter "a", found "b"`,
	},
	{
		`(component $c (import "f" (func (param "a" (list u8))))) (import "f" (func $f (param "a" (list s8)))) (instance (instantiate $c (with "f" (func $f))))`,
		validate.CodeMismatch, `parameter "a": expected list<u8>, found list<s8>`,
	},
	{
		`(component $c (import "f" (func (result u8)))) (import "f" (func $f)) (instance (instantiate $c (with "f" (func $f))))`,
		validate.CodeMismatch, `result: expected u8, found no value`,
	},
	{
		`(component $c (import "f" (func (result (tuple u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8))))) (import "f" (func $f (result string))) (instance (instantiate $c (with "f" (func $f))))`,
		validate.CodeMismatch, `result: expected tuple, found string`,
	},
	{
		`(component $c (type $f (func)) (import "t" (type (eq $f)))) (type $t (func (param "x" u8))) (instance (instantiate $c (with "t" (type $t))))`,
		validate.CodeMismatch, `argument "t": expected 0 parameters, found 1`,
	},
	{
		// An equal type is one that is a subtype in both directions.
		`(component $c (type $i (instance)) (import "t" (type (eq $i)))) (type $t (instance (export "f" (func)))) (instance (instantiate $c (with "t" (type $t))))`,
		validate.CodeMismatch, `argument "t": export "f" is missing`,
	},
	{
		`(component $c (type $i (instance (export "f" (func)))) (import "t" (type (eq $i)))) (type $t (instance)) (instance (instantiate $c (with "t" (type $t))))`,
		validate.CodeMismatch, `argument "t": export "f" is missing`,
	},
	{
		`(component $c (type $t (enum "a")) (import "t" (type (eq $t)))) (type $t (func)) (instance (instantiate $c (with "t" (type $t))))`,
		validate.CodeMismatch, `expected a value (enum), found a function`,
	},

	// Components as arguments: imports are compared the other way round.
	{
		`(component $c (import "c" (component))) (component $d (import "f" (func))) (instance (instantiate $c (with "c" (component $d))))`,
		validate.CodeMismatch, `argument "c": import "f" is missing`,
	},
	{
		`(component $c (import "c" (component (export "f" (func))))) (component $d) (instance (instantiate $c (with "c" (component $d))))`,
		validate.CodeMismatch, `argument "c": export "f" is missing`,
	},
	{
		`(component $c (import "c" (component (import "i" (instance))))) (component $d (import "i" (instance (export "f" (func))))) (instance (instantiate $c (with "c" (component $d))))`,
		validate.CodeMismatch, `argument "c": import "i": export "f" is missing`,
	},
	{
		// What is one resource for the importer need not be one for others.
		`(component $c (import "c" (component (import "a" (type (sub resource))) (import "b" (type (sub resource))))))
		 (component $d (import "a" (type $a (sub resource))) (import "b" (type (eq $a)))) (instance (instantiate $c (with "c" (component $d))))`,
		validate.CodeMismatch, `import "b": resource types are not the same`,
	},
	{
		`(component $c (import "c" (component (export "a" (type $a (sub resource))) (export "b" (type (eq $a))))))
		 (component $d (type $r (resource (rep i32))) (type $s (resource (rep i32))) (export "a" (type $r)) (export "b" (type $s))) (instance (instantiate $c (with "c" (component $d))))`,
		validate.CodeMismatch, `export "b": resource types are not the same`,
	},

	// Identity of resources.
	{
		`(component $same (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
		 (component $make (type $r (resource (rep i32))) (export "r" (type $r)))
		 (instance $i (instantiate $make)) (instance $j (instantiate $make))
		 (instance (instantiate $same (with "a" (type $i "r")) (with "b" (type $j "r"))))`,
		validate.CodeMismatch, `resource types are not the same`,
	},
	{
		`(component $same (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
		 (component $make (type $r (resource (rep i32))) (export "r" (type $r)) (export "s" (type $r) (type (sub resource))))
		 (instance $i (instantiate $make))
		 (instance (instantiate $same (with "a" (type $i "r")) (with "b" (type $i "s"))))`,
		validate.CodeMismatch, `resource types are not the same`,
	},
	{
		`(component $same (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
		 (type $it (instance (export "r" (type (sub resource))))) (import "i" (instance $i (type $it))) (import "j" (instance $j (type $it)))
		 (instance (instantiate $same (with "a" (type $i "r")) (with "b" (type $j "r"))))`,
		validate.CodeMismatch, `resource types are not the same`,
	},
	{
		`(component $make (type $r (resource (rep i32))) (export "r" (type $r))) (instance $i (instantiate $make)) (alias export $i "r" (type $r)) (core func (canon resource.new $r))`,
		validate.CodeForeignResource, `does not define itself`,
	},

	// Visibility.
	{
		`(component $c (type $r (record (field "x" u8))) (export "r" (type $r))) (instance $i (instantiate $c)) (alias export $i "r" (type $r)) (type $l (list $r)) (export "l" (type $l))`,
		validate.CodeUnnamedType, `"l" uses a record`,
	},
	{
		`(type $r (enum "x")) (import "r" (type $q (eq $r))) (component (alias outer 1 $q (type $q)) (import "f" (func (result $q))))`,
		validate.CodeUnnamedType, `"f" uses a record`,
	},
	{
		`(type $i (instance (export "i" (instance (type $r (enum "x")) (export "f" (func (result $r))))))) (export "i" (type $i))`,
		validate.CodeUnnamedType, `"i" uses a record`,
	},

	// Core modules.
	{
		`(component $c (import "m" (core module (export "f" (func))))) (core module $m (global (export "f") i32 (i32.const 0))) (instance (instantiate $c (with "m" (core module $m))))`,
		validate.CodeMismatch, `argument "m": core export "f": expected a func, found a global`,
	},
	{
		`(component $c (import "m" (core module (export "b" (func)) (export "a" (func))))) (core module $m) (instance (instantiate $c (with "m" (core module $m))))`,
		validate.CodeMismatch, `argument "m": core export "a" is missing`,
	},
	{
		`(component $c (import "m" (core module (import "a" "b" (table 1 funcref))))) (core module $m (import "a" "b" (table 2 funcref))) (instance (instantiate $c (with "m" (core module $m))))`,
		validate.CodeMismatch, `core import "a" "b": expected limits {min 2}, found {min 1}`,
	},
	{
		`(core module $m (import "a" "b" (func (param i64)))) (core module $n (func (export "b") (result f32) unreachable)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i))))`,
		validate.CodeCoreMismatch, `import "a" "b": expected type [i64] -> [], found [] -> [f32]`,
	},
	{
		`(core module $m (import "a" "b" (global (mut i32)))) (core module $n (global (export "b") i32 (i32.const 0))) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i))))`,
		validate.CodeCoreMismatch, `expected a mutable global of i32, found an immutable global of i32`,
	},
	{
		`(core module $m (import "a" "b" (table 0 externref))) (core module $n (table (export "b") 0 funcref)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i))))`,
		validate.CodeCoreMismatch, `expected a table of externref, found one of funcref`,
	},
	{
		`(core module $m (import "a" "b" (memory 0 2))) (core module $n (memory (export "b") 0 3)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i))))`,
		validate.CodeCoreMismatch, `expected limits {min 0, max 2}, found {min 0, max 3}`,
	},
	{
		`(core module $m (import "a" "b" (memory 1 2 shared))) (core module $n (memory (export "b") 1 2)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i))))`,
		validate.CodeCoreMismatch, `one memory is shared, the other is not`,
	},
	{
		`(core type (module (type (func (result i32))) (import "a" "b" (tag (type 0)))))`,
		validate.CodeCoreType, `the type of a tag has results`,
	},
	{
		`(core type (module (type (func)) (alias outer 0 1 (type)) (export "f" (func (type 1)))))`,
		validate.CodeIndex, `core type 1 does not exist; there are 1 before this`,
	},
	{
		`(core type (module (export "m" (memory i64 281474976710657))))`,
		validate.CodeCoreType, `is the most`,
	},

	// Canonical definitions.
	{
		`(type $t u8) (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (canon lift (core func $i "f") (func (type $t)))`,
		validate.CodeTypeKind, `not of a function`,
	},
	{
		`(core module $m (func (export "f"))) (core instance $i (instantiate $m)) (func (canon lift (core func $i "f") async))`,
		validate.CodeSyncType, `needs an async function type`,
	},
	{
		`(core module $m (memory (export "m") 1) (func (export "f") (result i32) unreachable)) (core instance $i (instantiate $m)) (func (canon lift (core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "f"))))`,
		validate.CodeCoreSignature, `the option "realloc" names a function of type [] -> [i32]`,
	},
	{
		`(core module $m (func (export "f") (result i32) unreachable)) (core instance $i (instantiate $m)) (func (result u8) (canon lift (core func $i "f") (post-return (core func $i "f"))))`,
		validate.CodeCoreSignature, `the option "post-return" names a function of type [] -> [i32], not [i32] -> []`,
	},
	{
		`(core module $m (func (export "f") (result i32) unreachable)) (core instance $i (instantiate $m)) (func async (canon lift (core func $i "f") async (callback (core func $i "f"))))`,
		validate.CodeCoreSignature, `the option "callback"`,
	},
	{
		`(core module $m (func (export "f") (result i32) unreachable)) (core instance $i (instantiate $m)) (func async (canon lift (core func $i "f") async (post-return (core func $i "f"))))`,
		validate.CodeCanonOption, `cannot stand with "async"`,
	},
	{
		`(core module $m (func (export "f") (param i32 i32 i32) (result i32) unreachable)) (core instance $i (instantiate $m)) (func (canon lift (core func $i "f") (callback (core func $i "f"))))`,
		validate.CodeCanonOption, `needs the option "async"`,
	},
	{
		// 17 parameters are passed in memory.
		`(import "f" (func $f (param "a" (tuple u8 u8 u8 u8 u8 u8 u8 u8)) (param "b" (tuple u8 u8 u8 u8 u8 u8 u8 u8)) (param "c" u8) (param "d" u8))) (core func (canon lower (func $f)))`,
		validate.CodeOptionRequired, `the option "memory" is required`,
	},
	{
		// 5 parameters are, in an asynchronous call.
		`(import "f" (func $f async (param "a" (tuple u8 u8 u8 u8 u8)))) (core func (canon lower (func $f) async))`,
		validate.CodeOptionRequired, `the option "memory" is required`,
	},
	{
		`(import "f" (func $f async (result u8))) (core func (canon lower (func $f) async))`,
		validate.CodeOptionRequired, `the option "memory" is required`,
	},
	{
		`(core module $m (memory (export "m") 1)) (core instance $i (instantiate $m)) (type $s (stream string)) (core func (canon stream.read $s async (memory (core memory $i "m"))))`,
		validate.CodeOptionRequired, `the option "realloc" is required`,
	},
	{
		`(core func (canon task.return (result string)))`,
		validate.CodeOptionRequired, `the option "memory" is required`,
	},
	{
		`(core module $m (memory (export "m") 1) (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)) (core instance $i (instantiate $m))
		 (core func (canon task.return (memory (core memory $i "m")) (realloc (core func $i "r"))))`,
		validate.CodeCanonOption, `the option "realloc" is not allowed here`,
	},
	{
		`(core type $f (func)) (core module $m (table (export "t") 1 funcref)) (core instance $i (instantiate $m)) (core func (canon thread.new-indirect $f (core table $i "t")))`,
		validate.CodeCoreSignature, `not that of a function [i32] -> []`,
	},
	{
		`(core type $f (func (param i32))) (core module $m (table (export "t") 1 externref)) (core instance $i (instantiate $m)) (core func (canon thread.new-indirect $f (core table $i "t")))`,
		validate.CodeCoreMismatch, `core table 0 is not one of functions`,
	},
}

func TestInvalid(t *testing.T) {
	dir := filepath.Join("testdata", "invalid")
	for i, test := range invalid {
		c := assembled(t, dir, fmt.Sprintf("%02d", i+1), test.text)
		if c == nil {
			continue
		}
		err := validate.Component(c, nil)
		e, ok := errors.AsType[*validate.Error](err)
		if !ok || e.Code != test.code || !strings.Contains(e.Msg, test.msg) {
			t.Errorf("%d: %s: got %v, want %q (%s)", i+1, test.text, err, test.msg, test.code)
		}
	}
	checkLeftovers(t, dir, len(invalid))
}
