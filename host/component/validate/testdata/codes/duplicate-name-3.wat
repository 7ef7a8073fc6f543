(component
  (type (record (field "a-b" u8) (field "A-b" u8))))
