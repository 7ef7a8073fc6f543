(component
  (component $c (import "f" (func (result u8)))) (import "f" (func $f)) (instance (instantiate $c (with "f" (func $f)))))
