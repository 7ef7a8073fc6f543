(component
  (import "r" (type $r (sub resource))) (type (future (option (borrow $r)))))
