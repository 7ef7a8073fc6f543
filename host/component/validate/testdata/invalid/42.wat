(component
  (core module $m (func (export "f") (param i32 i32 i32) (result i32) unreachable)) (core instance $i (instantiate $m)) (func (canon lift (core func $i "f") (callback (core func $i "f")))))
