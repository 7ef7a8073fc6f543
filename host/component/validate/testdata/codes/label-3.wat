(component
  (type (func (param "" u8))))
