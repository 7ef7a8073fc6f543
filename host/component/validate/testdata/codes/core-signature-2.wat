(component
  (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (type (resource (rep i32) (dtor (core func $i "f")))))
