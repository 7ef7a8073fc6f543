(component
  (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (core instance (export "a" (func $i "f")) (export "a" (func $i "f"))))
