(component
  (import "f" (func $f async (result u8))) (core func (canon lower (func $f) async)))
