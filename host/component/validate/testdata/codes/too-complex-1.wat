(component
  (import "a" (func (param "a" u8))))
