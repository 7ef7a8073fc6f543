(component
  (type $i (instance (export "i" (instance (type $r (enum "x")) (export "f" (func (result $r))))))) (export "i" (type $i)))
