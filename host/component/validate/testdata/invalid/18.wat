(component
  (component $same (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
		 (component $make (type $r (resource (rep i32))) (export "r" (type $r)))
		 (instance $i (instantiate $make)) (instance $j (instantiate $make))
		 (instance (instantiate $same (with "a" (type $i "r")) (with "b" (type $j "r")))))
