(component
  (component $c (import "t" (type (sub resource)))) (type $t u8) (instance (instantiate $c (with "t" (type $t)))))
