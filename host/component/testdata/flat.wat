;; Two components: the outer calls the inner n times with flat values.
(component
  (component $Inner
    (core module $M
      (func (export "add") (param i32 i64) (result i64) (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1))))
    (core instance $m (instantiate $M))
    (func (export "add") (param "a" u32) (param "b" u64) (result u64) (canon lift (core func $m "add"))))
  (instance $inner (instantiate $Inner))
  (core func $add (canon lower (func $inner "add")))
  (core module $M
    (import "" "add" (func $add (param i32 i64) (result i64)))
    (func (export "sum") (param $n i32) (result i64)
      (local $sum i64)
      (loop $l
        (if (local.get $n) (then
          (local.set $sum (call $add (local.get $n) (local.get $sum)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $l))))
      (local.get $sum)))
  (core instance $m (instantiate $M (with "" (instance (export "add" (func $add))))))
  (func (export "sum") (param "n" u32) (result u64) (canon lift (core func $m "sum"))))
