(component
  (component $c (type $i (instance)) (import "t" (type (eq $i)))) (type $t (instance (export "f" (func)))) (instance (instantiate $c (with "t" (type $t)))))
