;; A command whose start function traps.
(component
  (core module $M
    (memory (export "memory") 1)
    (func $explode unreachable)
    (func $start call $explode)
    (func (export "run") (result i32) i32.const 0)
    (start $start))
  (core instance $m (instantiate $M))
  (func $run (result (result)) (canon lift (core func $m "run")))
  (instance $i (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $i)))
