(component
  (core module $m (import "a" "b" (memory 2))) (core module $n (memory (export "b") 1)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i)))))
