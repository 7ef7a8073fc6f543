(component
  (component $c (import "f" (func))) (instance (instantiate $c (with "f" (component $c)))))
