(component
  (core module $m (import "a" "b" (memory 1 2 shared))) (core module $n (memory (export "b") 1 2)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i)))))
