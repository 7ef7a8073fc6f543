(component
  (type (record)))
