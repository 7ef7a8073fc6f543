(component
  (import "f" (func $f async (param "a" (tuple u8 u8 u8 u8 u8)))) (core func (canon lower (func $f) async)))
