;; A component whose code changes a table.
(component
  (core module $M
    (table 1 funcref)
    (elem declare func $f)
    (type $v (func (result i32)))
    (func $f (result i32) (i32.const 5))
    (func $start
      (table.set (i32.const 0) (ref.func $f)))
    (start $start)
    (func (export "f") (result i32) (call_indirect (type $v) (i32.const 0))))
  (core instance $m (instantiate $M))
  (func (export "f") (result u32) (canon lift (core func $m "f"))))
