(component
  (type (tuple (list u8 134217728) (list u8 134217728))))
