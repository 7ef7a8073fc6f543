(component
  (core module $m (func (export "f") (result i32) unreachable)) (core instance $i (instantiate $m)) (func async (canon lift (core func $i "f") async (post-return (core func $i "f")))))
