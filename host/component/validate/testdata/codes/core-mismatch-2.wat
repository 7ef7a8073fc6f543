(component
  (core module $m (memory (export "m") i64 1)) (core instance $i (instantiate $m)) (core func (canon waitable-set.wait (memory (core memory $i "m")))))
