(component
  (component $c (import "m" (core module))) (core module $m (import "a" "b" (func))) (instance (instantiate $c (with "m" (core module $m)))))
