(component
  (import "a" (type $a (sub resource))) (import "[method]a.b" (func (param "this" (borrow $a)))))
