;; A component that keeps a handle from its start.
(component
  (import "test:host/things@1.4.0" (instance $things
    (export "thing" (type $thing (sub resource)))
    (export "[constructor]thing" (func (param "n" u32) (result (own $thing))))))
  (core func $new (canon lower (func $things "[constructor]thing")))
  (core module $M
    (import "" "new" (func $new (param i32) (result i32)))
    (global $thing (mut i32) (i32.const 0))
    (func $start (global.set $thing (call $new (i32.const 7))))
    (start $start)
    (func (export "thing") (result i32) (global.get $thing)))
  (core instance $m (instantiate $M (with "" (instance (export "new" (func $new))))))
  (func (export "thing") (result u32) (canon lift (core func $m "thing"))))
