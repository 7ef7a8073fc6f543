(component
  (component $same (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
		 (component $make (type $r (resource (rep i32))) (export "r" (type $r)) (export "s" (type $r) (type (sub resource))))
		 (instance $i (instantiate $make))
		 (instance (instantiate $same (with "a" (type $i "r")) (with "b" (type $i "s")))))
