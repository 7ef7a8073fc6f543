(component
  (import "r" (type $r (sub resource))) (type (func (result (list (borrow $r))))))
