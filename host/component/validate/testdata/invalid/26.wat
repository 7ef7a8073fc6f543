(component
  (component $c (import "m" (core module (export "b" (func)) (export "a" (func))))) (core module $m) (instance (instantiate $c (with "m" (core module $m)))))
