(component
  (core module $m (import "a" "b" (func (param i64)))) (core module $n (func (export "b") (result f32) unreachable)) (core instance $i (instantiate $n)) (core instance (instantiate $m (with "a" (instance $i)))))
