(component
  (component $c (import "c" (component (export "a" (type $a (sub resource))) (export "b" (type (eq $a))))))
		 (component $d (type $r (resource (rep i32))) (type $s (resource (rep i32))) (export "a" (type $r)) (export "b" (type $s))) (instance (instantiate $c (with "c" (component $d)))))
