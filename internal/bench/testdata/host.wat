;; Calls a function of the host in a loop that ends, and in one that does not.
(component
  (import "bench:host/calls@1.0.0" (instance $host
    (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
  (core func $add (canon lower (func $host "add")))
  (core module $M
    (import "" "add" (func $add (param i32 i32) (result i32)))
    (func (export "sum") (param $n i32) (result i32)
      (local $sum i32)
      (loop $l
        (local.set $sum (call $add (local.get $n) (local.get $sum)))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum))
    (func (export "forever") (param i32) (result i32)
      (loop $l (local.set 0 (call $add (local.get 0) (i32.const 1))) (br $l))
      (unreachable)))
  (core instance $m (instantiate $M (with "" (instance (export "add" (func $add))))))
  (func (export "sum") (param "n" u32) (result u32) (canon lift (core func $m "sum")))
  (func (export "forever") (param "n" u32) (result u32) (canon lift (core func $m "forever"))))
