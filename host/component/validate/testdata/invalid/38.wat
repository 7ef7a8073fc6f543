(component
  (core module $m (memory (export "m") 1) (func (export "f") (result i32) unreachable)) (core instance $i (instantiate $m)) (func (canon lift (core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "f")))))
