(component
  (component $c (import "c" (component (import "a" (type (sub resource))) (import "b" (type (sub resource))))))
		 (component $d (import "a" (type $a (sub resource))) (import "b" (type (eq $a)))) (instance (instantiate $c (with "c" (component $d)))))
