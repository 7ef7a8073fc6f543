(component
  (component $c (import "f" (func))) (import "f" (func $f async)) (instance (instantiate $c (with "f" (func $f)))))
