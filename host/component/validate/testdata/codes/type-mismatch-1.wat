(component
  (component $c (import "f" (func))) (import "f" (func $f (param "a" u8))) (instance (instantiate $c (with "f" (func $f)))))
