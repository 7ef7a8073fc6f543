;; Two components: the outer gives the inner the same list over and over.
(component
  (component $Inner
    (core module $M
      (memory (export "mem") 20)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
      (func (export "take") (param i32 i32)))
    (core instance $m (instantiate $M))
    (func (export "take") (param "x" (list u8))
      (canon lift (core func $m "take") (memory (core memory $m "mem")) (realloc (core func $m "realloc")))))
  (instance $inner (instantiate $Inner))
  (core module $Mem (memory (export "mem") 20))
  (core instance $mem (instantiate $Mem))
  (core func $take (canon lower (func $inner "take") (memory (core memory $mem "mem"))))
  (core module $M
    (import "" "take" (func $take (param i32 i32)))
    (func (export "move") (param $n i32) (param $size i32)
      (loop $l
        (call $take (i32.const 0) (local.get $size))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $l (local.get $n)))))
  (core instance $m (instantiate $M (with "" (instance (export "take" (func $take))))))
  (func (export "move") (param "n" u32) (param "size" u32) (canon lift (core func $m "move"))))
