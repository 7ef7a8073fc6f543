(component
  (core type $f (sub (func))) (core type (module (alias outer 1 $f (type)) (import "a" "b" (func (type 0))))))
