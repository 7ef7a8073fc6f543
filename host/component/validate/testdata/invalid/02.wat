(component
  (component $c (import "i" (instance (export "f" (func))))) (import "i" (instance $i (export "f" (component)))) (instance (instantiate $c (with "i" (instance $i)))))
