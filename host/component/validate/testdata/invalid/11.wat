(component
  (component $c (type $i (instance (export "f" (func)))) (import "t" (type (eq $i)))) (type $t (instance)) (instance (instantiate $c (with "t" (type $t)))))
