(component
  (type (list u8 2)))
