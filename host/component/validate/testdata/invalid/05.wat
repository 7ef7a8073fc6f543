(component
  (component $c (import "f" (func (param "a" u8)))) (import "f" (func $f (param "b" u8))) (instance (instantiate $c (with "f" (func $f)))))
