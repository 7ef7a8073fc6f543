(component
  (type $r (enum "x")) (import "r" (type $q (eq $r))) (component (alias outer 1 $q (type $q)) (import "f" (func (result $q)))))
