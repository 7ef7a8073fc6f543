(component
  (component $c (type $t (enum "a")) (import "t" (type (eq $t)))) (type $t (func)) (instance (instantiate $c (with "t" (type $t)))))
