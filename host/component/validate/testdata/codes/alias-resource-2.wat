(component
  (import "r" (type $r (sub resource))) (type (func (param "a" (own $r)))) (component (alias outer 1 2 (type))))
