;; A command of the async ABI.
(component
  (core module $M (func (export "run") (result i32) i32.const 0)
   (func (export "cb") (param i32 i32 i32) (result i32) i32.const 0))
  (core instance $m (instantiate $M))
  (func $run async (result (result)) (canon lift (core func $m "run") async (callback (core func $m "cb"))))
  (instance $i (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $i)))
