(component
  (type $t u8) (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (canon lift (core func $i "f") (func (type $t))))
