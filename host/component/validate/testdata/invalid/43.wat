(component
  (import "f" (func $f (param "a" (tuple u8 u8 u8 u8 u8 u8 u8 u8)) (param "b" (tuple u8 u8 u8 u8 u8 u8 u8 u8)) (param "c" u8) (param "d" u8))) (core func (canon lower (func $f))))
