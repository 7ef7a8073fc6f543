;; A command whose start function never ends.
(component
  (core module $M
    (func $forever (loop $l br $l))
    (func (export "run") (result i32) i32.const 0)
    (start $forever))
  (core instance $m (instantiate $M))
  (func $run (result (result)) (canon lift (core func $m "run")))
  (instance $i (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $i)))
