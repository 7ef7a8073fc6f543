(component
  (component $c (import "f" (func (param "a" (list u8))))) (import "f" (func $f (param "a" (list s8)))) (instance (instantiate $c (with "f" (func $f)))))
