;; A component that asks the host for something when it starts: "a" what is
;; forgotten, the rest is refused.
(component
  (import "test:host/things@1.4.0" (instance $things
    (export "thing" (type $thing (sub resource)))
    (export "[constructor]thing" (func (param "n" u32) (result (own $thing))))
    (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
  (core func $add (canon lower (func $things "add")))
  (core module $M
    (import "" "add" (func $add (param i32 i32) (result i32)))
    (global $sum (mut i32) (i32.const 0))
    (func $start (global.set $sum (call $add (i32.const 20) (i32.const 22))))
    (start $start)
    (func (export "sum") (result i32) (global.get $sum)))
  (core instance $m (instantiate $M (with "" (instance (export "add" (func $add))))))
  (func (export "sum") (result u32) (canon lift (core func $m "sum"))))
