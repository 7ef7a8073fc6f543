(component
  (type $r (resource (rep i32))) (export $s "r" (type $r)) (import "f" (func (param "r" (own $s)))))
