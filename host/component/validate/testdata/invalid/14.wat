(component
  (component $c (import "c" (component (export "f" (func))))) (component $d) (instance (instantiate $c (with "c" (component $d)))))
