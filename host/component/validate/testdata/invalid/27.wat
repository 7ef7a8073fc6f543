(component
  (component $c (import "m" (core module (import "a" "b" (table 1 funcref))))) (core module $m (import "a" "b" (table 2 funcref))) (instance (instantiate $c (with "m" (core module $m)))))
