(component
  (component $c (import "a" (type $a (sub resource))) (import "b" (type (eq $a)))) (type $r (resource (rep i32))) (type $s (resource (rep i32))) (instance (instantiate $c (with "a" (type $r)) (with "b" (type $s)))))
