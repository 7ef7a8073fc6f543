(component
  (core module $m (import "a" "b" (memory 0 2))) (core module $n (memory (export "b") 0 3)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i)))))
