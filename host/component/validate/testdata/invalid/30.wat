(component
  (core module $m (import "a" "b" (table 0 externref))) (core module $n (table (export "b") 0 funcref)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i)))))
