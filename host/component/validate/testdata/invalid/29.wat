(component
  (core module $m (import "a" "b" (global (mut i32)))) (core module $n (global (export "b") i32 (i32.const 0))) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i)))))
