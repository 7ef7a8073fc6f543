(component
  (core module $m (import "a" "b" (func))) (core module $n) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i)))))
