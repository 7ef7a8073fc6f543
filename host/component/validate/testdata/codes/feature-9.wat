(component
  (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (func async (canon lift (core func $i "f") async)))
