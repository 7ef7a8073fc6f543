;; Core types, and core definitions of every sort.
(component
  (core type $f (func (param i32) (result i64)))
  (core type $m (module
    (type $own (func))
    (alias outer 0 $own (type $same))
    (alias outer 1 $f (type $outer))
    (import "a" "f" (func (type $same)))
    (import "a" "g" (global (mut i64)))
    (import "a" "t" (tag (type $own)))
    (export "f" (func (type $outer)))
    (export "m" (memory i64 1))
    (export "s" (memory 1 2 shared))
    (export "t" (table 0 10 externref))))
  (type (component
    (core type $m (module))
    (import "m" (core module (type $m)))
    (alias outer 1 $m (core type $n))
    (export "n" (core module (type $n)))))

  (core module $defines
    (type $ft (func (param i32)))
    (tag (export "e") (type $ft))
    (table (export "t") 2 5 funcref)
    (memory (export "m") 2 5)
    (global (export "g") i32 (i32.const 1))
    (func (export "f") (type $ft)))
  (core instance $d (instantiate $defines))
  (alias core export $d "e" (core tag $e))
  (alias core export $d "g" (core global $g))
  (core instance $all
    (export "e" (tag $e)) (export "t" (table $d "t")) (export "m" (memory $d "m"))
    (export "g" (global $g)) (export "f" (func $d "f")))
  (core module $uses
    (import "all" "e" (tag (param i32)))
    (import "all" "t" (table 1 6 funcref))
    (import "all" "m" (memory 1 5))
    (import "all" "g" (global i32))
    (import "all" "f" (func (param i32))))
  (core instance (instantiate $uses (with "all" (instance $all)) (with "unused" (instance $d))))
  (component
    (alias outer 1 $defines (core module $defines))
    (core instance (instantiate $defines))
    (export "m" (core module $defines))))
