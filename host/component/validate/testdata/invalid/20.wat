(component
  (component $same (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
		 (type $it (instance (export "r" (type (sub resource))))) (import "i" (instance $i (type $it))) (import "j" (instance $j (type $it)))
		 (instance (instantiate $same (with "a" (type $i "r")) (with "b" (type $j "r")))))
