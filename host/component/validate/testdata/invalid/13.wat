(component
  (component $c (import "c" (component))) (component $d (import "f" (func))) (instance (instantiate $c (with "c" (component $d)))))
