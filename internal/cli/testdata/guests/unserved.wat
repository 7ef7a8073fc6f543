;; A command with imports that no host of ours serves, or not like this.
(component
  (import "test:none/at-all@1.0.0" (instance (export "f" (func))))
  (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result string)))))
  (import "wasi:random/random@0.3.0" (instance (export "get-random-u64" (func (result u64)))))
  (core module $M
    (func (export "run") (result i32) i32.const 0))
  (core instance $m (instantiate $M))
  (func $run (result (result)) (canon lift (core func $m "run")))
  (instance $i (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $i)))
