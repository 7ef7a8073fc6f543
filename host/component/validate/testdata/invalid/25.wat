(component
  (component $c (import "m" (core module (export "f" (func))))) (core module $m (global (export "f") i32 (i32.const 0))) (instance (instantiate $c (with "m" (core module $m)))))
