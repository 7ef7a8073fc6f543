(component
  (type (list u8 0)))
