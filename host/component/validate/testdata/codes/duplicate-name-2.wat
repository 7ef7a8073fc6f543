(component
  (import "a" (type $a (sub resource))) (import "[method]a.a" (func (param "self" (borrow $a)))))
