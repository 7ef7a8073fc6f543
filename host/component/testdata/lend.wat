;; Two components: the outer lends the inner one handle many times over.
(component
  (component $Inner
    (type $r (resource (rep i32)))
    (export $thing "thing" (type $r))
    (core module $M
      (memory (export "mem") 2)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
      (func (export "take") (param i32 i32)))
    (core instance $m (instantiate $M))
    (core func $new (canon resource.new $r))
    (func (export "make") (param "rep" u32) (result (own $thing)) (canon lift (core func $new)))
    (func (export "take") (param "x" (list (borrow $thing)))
      (canon lift (core func $m "take") (memory (core memory $m "mem")) (realloc (core func $m "realloc")))))
  (instance $inner (instantiate $Inner))
  (core module $Mem (memory (export "mem") 2))
  (core instance $mem (instantiate $Mem))
  (core func $make (canon lower (func $inner "make")))
  (core func $take (canon lower (func $inner "take") (memory (core memory $mem "mem"))))
  (core module $M
    (import "" "make" (func $make (param i32) (result i32)))
    (import "" "take" (func $take (param i32 i32)))
    (import "" "mem" (memory 2))
    (func (export "lend") (param $n i32)
      (local $h i32) (local $i i32)
      (local.set $h (call $make (i32.const 7)))
      (loop $l
        (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $h))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
      (call $take (i32.const 0) (local.get $n))))
  (core instance $m (instantiate $M (with "" (instance
    (export "make" (func $make)) (export "take" (func $take)) (export "mem" (memory $mem "mem"))))))
  (func (export "lend") (param "n" u32) (canon lift (core func $m "lend"))))
