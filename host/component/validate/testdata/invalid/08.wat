(component
  (component $c (import "f" (func (result (tuple u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8))))) (import "f" (func $f (result string))) (instance (instantiate $c (with "f" (func $f)))))
