(component
  (component $make (type $r (resource (rep i32))) (export "r" (type $r))) (instance $i (instantiate $make)) (alias export $i "r" (type $r)) (core func (canon resource.new $r)))
