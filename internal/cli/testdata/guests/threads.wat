;; A command that needs threads.
(component
  (core module $M
    (memory 1 1 shared)
    (func (export "run") (result i32) (i32.atomic.load (i32.const 0))))
  (core instance $m (instantiate $M))
  (func $run (result (result)) (canon lift (core func $m "run")))
  (instance $i (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $i)))
