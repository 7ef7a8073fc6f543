(component
  (import "b" (type $b (sub resource))) (import "[method]a.b" (func (param "self" (borrow $b)))))
