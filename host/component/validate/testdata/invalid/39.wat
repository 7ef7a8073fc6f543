(component
  (core module $m (func (export "f") (result i32) unreachable)) (core instance $i (instantiate $m)) (func (result u8) (canon lift (core func $i "f") (post-return (core func $i "f")))))
