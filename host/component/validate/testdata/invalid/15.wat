(component
  (component $c (import "c" (component (import "i" (instance))))) (component $d (import "i" (instance (export "f" (func))))) (instance (instantiate $c (with "c" (component $d)))))
